import {
  type AnyGenerator,
  EXIT,
  type Onceover,
  type RunOptions,
  type RunResult,
  type WorkVerdict,
} from '../index.ts'
import { adviceOn } from './advice.ts'
import { readConfig } from './config.ts'
import { connected, type DatabaseOptions, showTarget } from './connect.ts'
import { chooseGenerator, NO_GENERATORS } from './generators.ts'
import { given, wholeNumber } from './option-values.ts'
import type { Output } from './output.ts'
import { isPartial, progressLine, renderTotals, renderTroubles, troublesIn } from './run-report.ts'
import { stoppable } from './stop.ts'
import { Tally } from './tally.ts'

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

const SECOND_MS = 1000
const MAX_CONCURRENCY = 1000

function runOptions({ reason, actor, concurrency: text }: WorkOptions): RunOptions {
  const bounds = { from: 1, to: MAX_CONCURRENCY }
  const concurrency = text === undefined ? undefined : wholeNumber('--concurrency', text, bounds)
  return given({ reason, actor, concurrency })
}

/** A run that a command is about to make. */
export interface Job {
  /** Of the generator, in the configuration. */
  readonly name: string
  readonly generator: AnyGenerator
  readonly options: WorkOptions
  /** Whether the units are those of a list. */
  readonly listed?: boolean
  /** What a verdict is to be shown as; default: as it is. */
  readonly shown?: (verdict: WorkVerdict) => WorkVerdict
  /** Begins the run with the options that it is handed. */
  start(options: RunOptions): Promise<RunResult>
}

async function follow({ options, start, shown }: Job, out: Output, tally: Tally) {
  const own = runOptions(options)
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / SECOND_MS
  let announced = false
  // The second signal ends the process in the middle of a line.
  process.once('exit', () => out.clear())
  const result = await stoppable((signal) => {
    signal.addEventListener('abort', () => {
      out.progress('Stopping: what runs is finished, the rest given back. Again ends it at once.')
    })
    return start({
      ...own,
      signal,
      onProgress: (progress) => {
        if (!announced) out.progress(`run ${progress.run}`)
        announced = true
        out.live(progressLine(progress, seconds(), tally.givenBack))
      },
      onVerdicts: (fallen) => {
        const verdicts = shown ? fallen.map(shown) : fallen
        if (out.json) for (const verdict of verdicts) out.record(verdict)
        tally.hear(verdicts)
      },
    })
  })
  return { result, took: seconds() }
}

/**
 * Runs units: shows progress on a terminal, prints verdicts as they fall with `--json`, stops
 * gracefully on the first signal, and says at the end what is left to do.
 */
export async function perform(once: Onceover, job: Job, out: Output): Promise<RunResult> {
  showTarget(once, out)
  const tally = new Tally()
  const { result, took } = await follow(job, out, tally)
  const { run, state, totals } = result
  if (out.json) out.record({ run, state, totals })
  else {
    out.line(`${out.colors.bold(`run ${run}`)}  ${state} in ${took.toFixed(1)} s`)
    const troubles = renderTroubles(tally.troubles, troublesIn(totals), out)
    for (const line of [...renderTotals(totals, tally.givenBack), ...troubles]) out.line(line)
  }
  const { name, generator, listed = false } = job
  const ended = { name, guard: generator.guard.name, result, tally, listed }
  for (const line of await adviceOn(once, ended)) out.progress(line)
  return result
}

/** The exit code of a run: `partial` where it was not done, or left units behind. */
export const exitOf = (result: RunResult): number => (isPartial(result) ? EXIT.partial : EXIT.ok)
