import { OnceoverError } from 'onceover'
import { failures, reportLines, styleOf, wrap } from './console.ts'
import type { DemoOptions } from './demo-options.ts'
import type { SystemDemo, SystemReport } from './demo-report.ts'
import { type DemoTarget, openTarget } from './demo-target.ts'
import { killWorkers } from './fork-workers.ts'
import { progressOn } from './progress.ts'

/** A system's report, and how long it took. */
export interface TimedReport extends SystemReport {
  readonly seconds: number
}

/** Serves the systems on an empty database until it is told to end. */
export type ServeSystems = (url: string) => Promise<void>

const WORKERS = 4
const EXIT_INTERRUPTED = 130
const MS = 1000

const progress = progressOn(process.stderr, process.env)

/** Runs the demo and gives its exit code: 0 where every figure is what it must be, else 1. */
export async function runDemo(
  options: DemoOptions,
  systems: readonly SystemDemo[],
  serve: ServeSystems,
): Promise<number> {
  const started = performance.now()
  let target: DemoTarget | undefined
  let interrupted = false
  const interrupt = () => {
    if (interrupted) return
    interrupted = true
    // Connections break now: that must not end us before everything is cleaned up.
    process.on('uncaughtException', () => undefined)
    killWorkers()
    progress.say('stopping …')
    Promise.resolve(target?.close()).finally(() => process.exit(EXIT_INTERRUPTED))
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  // A reader that went away, such as head: nobody is left to tell the figures to.
  process.stdout.on('error', interrupt)
  process.stderr.on('error', interrupt)
  try {
    target = await openTarget(options.db, progress)
    const reports = options.live ? [] : await runSystems(target, options, systems)
    const seconds = (performance.now() - started) / MS
    const ok = options.live || summary(reports, target, options, seconds)
    if (ok && options.serve) {
      const url = await target.freshDatabase('live')
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
      await serve(url)
    }
    return ok ? 0 : 1
  } catch (error) {
    return interrupted ? EXIT_INTERRUPTED : failed(error, options)
  } finally {
    await target?.close()
    if (!interrupted) process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    if (!interrupted) {
      process.stdout.off('error', interrupt)
      process.stderr.off('error', interrupt)
    }
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
      progress: progress.status,
    })
    const timed = { ...report, seconds: (performance.now() - started) / MS }
    reports.push(timed)
    progress.clear()
    if (options.json) continue
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
  if (json) wrong.forEach(progress.say)
  return ok
}

function failed(error: unknown, { json }: DemoOptions): number {
  const known = error instanceof OnceoverError ? error : undefined
  const message = error instanceof Error ? error.message : String(error)
  const shape = known
    ? { code: known.code, message, fix: known.fix }
    : { code: 'FAILED', message, fix: undefined }
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: shape }, null, 2)}\n`)
  progress.say(`error: ${message}${known ? `\n  fix: ${known.fix} (${known.code})` : ''}`)
  return known?.exitCode ?? 1
}
