import {
  type AnyGenerator,
  EXIT,
  type Onceover,
  type RunOptions,
  type RunResult,
  type WorkVerdict,
} from '../index.ts'
import { readConfig } from './config.ts'
import { connected, type DatabaseOptions, showTarget } from './connect.ts'
import { chooseGenerator, NO_GENERATORS } from './generators.ts'
import { given, wholeNumber } from './option-values.ts'
import type { Output } from './output.ts'
import {
  isPartial,
  isTrouble,
  progressLine,
  renderTotals,
  renderTroubles,
  troublesIn,
} from './run-report.ts'
import { stoppable } from './stop.ts'

/** Options of the commands that make units. */
export interface WorkOptions extends DatabaseOptions {
  /** JSON or `name=value` pairs, handed to `expected`. */
  readonly range?: string
  readonly concurrency?: string
  readonly reason?: string
  readonly actor?: string
}

/** Lets a command work with a generator of the configuration. */
export async function withGenerator(
  name: string | undefined,
  options: DatabaseOptions,
  out: Output,
  work: (once: Onceover, generator: AnyGenerator) => Promise<number>,
): Promise<number> {
  const config = await readConfig(options.config, NO_GENERATORS)
  const generator = chooseGenerator(config, name)
  return connected(options, out, (once) => work(once, generator), config)
}

const SHOWN_TROUBLES = 10

// What is done stays done, so that the way on is the same command. The ledger knows the rest of a
// range, but not that of a list.
function advise(
  name: string,
  { run, state, totals }: RunResult,
  { range }: WorkOptions,
  out: Output,
): void {
  if (state === 'stopped') {
    const resume = range === undefined ? '' : `, or: onceover resume ${name} ${run}`
    out.progress(`Stopped. To go on, run it again${resume}`)
  } else if (totals.failed > 0) {
    out.progress(`Failed units are tried again by: onceover retry ${name}`)
  }
}

const SECOND_MS = 1000

/**
 * Runs units: shows progress on a terminal, prints verdicts as they fall with `--json`, stops
 * gracefully on the first signal.
 *
 * @param start begins the run with the options that it is handed
 * @returns `ok`, or `partial` where the run was not done or left units behind
 */
export async function perform(
  name: string,
  once: Onceover,
  options: WorkOptions,
  out: Output,
  start: (options: RunOptions) => Promise<RunResult>,
): Promise<number> {
  showTarget(once, out)
  const { concurrency, reason, actor } = options
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / SECOND_MS
  const troubles: WorkVerdict[] = []
  let announced = false
  // The second signal ends the process in the middle of a line.
  process.once('exit', () => out.clear())
  const result = await stoppable((signal) => {
    signal.addEventListener('abort', () => {
      out.progress('Stopping: what runs is finished, the rest given back. Again ends it at once.')
    })
    return start({
      ...given({ reason, actor }),
      ...(concurrency !== undefined && { concurrency: wholeNumber('--concurrency', concurrency) }),
      signal,
      onProgress: (progress) => {
        if (!announced) out.progress(`run ${progress.run}`)
        announced = true
        out.live(progressLine(progress, seconds()))
      },
      onVerdicts: (verdicts) => {
        if (out.json) for (const verdict of verdicts) out.record(verdict)
        for (const verdict of verdicts) {
          if (troubles.length < SHOWN_TROUBLES && isTrouble(verdict)) troubles.push(verdict)
        }
      },
    })
  })
  const { run, state, totals } = result
  if (out.json) out.record({ run, state, totals })
  else {
    out.line(`${out.colors.bold(`run ${run}`)}  ${state} in ${seconds().toFixed(1)} s`)
    const lines = [...renderTotals(totals), ...renderTroubles(troubles, troublesIn(totals), out)]
    for (const line of lines) out.line(line)
  }
  advise(name, result, options, out)
  return isPartial(result) ? EXIT.partial : EXIT.ok
}
