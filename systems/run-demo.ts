import { OnceoverError } from 'onceover'
import { failures, reportLines, styleOf, wrap } from './console.ts'
import type { DemoOptions } from './demo-options.ts'
import type { SystemDemo, SystemReport } from './demo-report.ts'
import { type DemoTarget, openTarget } from './demo-target.ts'

/** A system's report, and how long it took. */
export interface TimedReport extends SystemReport {
  readonly seconds: number
}

/** Serves the systems on an empty database until Ctrl-C. */
export type ServeSystems = (url: string, print: (lines: readonly string[]) => void) => Promise<void>

const WORKERS = 4
const EXIT_INTERRUPTED = 130
const MS = 1000

const say = (line: string) => process.stderr.write(`${line}\n`)

/** Runs the demo and gives its exit code: 0 where every figure is what it must be, else 1. */
export async function runDemo(
  options: DemoOptions,
  systems: readonly SystemDemo[],
  serve: ServeSystems,
): Promise<number> {
  const started = performance.now()
  let target: DemoTarget | undefined
  const interrupt = () => {
    // Workers die of the same Ctrl-C: their errors are of no interest any more.
    Promise.resolve(target?.close()).finally(() => process.exit(EXIT_INTERRUPTED))
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  // A reader that went away, such as head: nobody is left to tell the figures to.
  process.stdout.once('error', interrupt)
  try {
    target = await openTarget(options.db, say)
    const reports = await runSystems(target, options, systems)
    const ok = summary(reports, target, options, (performance.now() - started) / MS)
    if (ok && options.serve) {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
      await serve(await target.freshDatabase('live'), print)
    }
    return ok ? 0 : 1
  } catch (error) {
    return failed(error, options)
  } finally {
    await target?.close()
  }
}

async function runSystems(
  target: DemoTarget,
  options: DemoOptions,
  systems: readonly SystemDemo[],
): Promise<TimedReport[]> {
  const reports: TimedReport[] = []
  for (const system of systems) {
    const started = performance.now()
    const report = await system({
      freshDatabase: target.freshDatabase,
      workers: WORKERS,
      progress: say,
    })
    const timed = { ...report, seconds: (performance.now() - started) / MS }
    reports.push(timed)
    if (!options.json)
      print(reportLines(timed, styleOf(process.stdout, process.env), timed.seconds))
  }
  return reports
}

const print = (lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n`)

function summary(
  reports: readonly TimedReport[],
  target: DemoTarget,
  { json }: DemoOptions,
  seconds: number,
): boolean {
  const wrong = reports.flatMap(failures)
  const checked = reports
    .flatMap(({ figures }) => figures.flatMap(({ naive, onceover }) => [naive, onceover]))
    .filter((measured) => measured?.must !== undefined).length
  const ok = wrong.length === 0
  if (json) {
    const document = {
      ok,
      target: target.masked,
      seconds,
      workers: WORKERS,
      wrong,
      systems: reports,
    }
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  } else {
    const verdict = ok
      ? `All ${checked} checked figures are what they must be.`
      : `${wrong.length} of ${checked} checked figures are not what they must be:`
    const { columns } = styleOf(process.stdout, process.env)
    print(['', ...wrap(`Measured in ${seconds.toFixed(1)} s. ${verdict}`, columns), ...wrong])
  }
  if (json) wrong.forEach(say)
  return ok
}

function failed(error: unknown, { json }: DemoOptions): number {
  const shape =
    error instanceof OnceoverError
      ? { code: error.code, message: error.message, fix: error.fix }
      : { code: 'FAILED', message: error instanceof Error ? error.message : String(error) }
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: shape }, null, 2)}\n`)
  say(`error: ${shape.message}${'fix' in shape ? `\n  fix: ${shape.fix} (${shape.code})` : ''}`)
  return 1
}
