import type { WorkVerdict } from '../claims/grant.ts'
import { durationMs } from '../core/duration.ts'
import { OnceoverError } from '../core/error.ts'
import type { RowValues, Totals } from '../core/verdict.ts'

/** What a run tells of itself while it runs. */
export interface Progress {
  readonly run: string
  readonly totals: Totals
  /** Units whose `make` or save runs. */
  readonly running: number
  /** Units that are claimed and not begun. */
  readonly waiting: number
}

/** How units are run. */
export interface RunOptions<Key = RowValues> {
  /**
   * What to do with a unit whose key is done: `skip` it (the default), `replace` it unless its
   * fingerprint is the same, or `reject` the whole array.
   */
  readonly onDuplicate?: 'skip' | 'replace' | 'reject'
  /** Of a range only these keys are made; one that is not expected is not made. Ranges only. */
  readonly only?: readonly Key[]
  /** How many units are made and saved at once. Default 8. */
  readonly concurrency?: number
  /** How many units may be claimed at once; fewer while they are slow. Default 1000. */
  readonly chunkUnits?: number
  /** Why; recorded with the run. */
  readonly reason?: string
  /** Who asks; recorded with the run. */
  readonly actor?: string
  /** How long to wait for units that others have in flight, such as `1m`. Arrays only. */
  readonly wait?: string
  /** Aborted: units that run are finished, those that wait are given back, the run is stopped. */
  readonly signal?: AbortSignal
  /** Told of the progress a few times a second. */
  readonly onProgress?: (progress: Progress) => void
  /** Told of verdicts as they fall, which is not the order of the input. */
  readonly onVerdicts?: (verdicts: readonly WorkVerdict<Key>[]) => void
}

const OPTIONS: ReadonlySet<string> = new Set([
  ...['onDuplicate', 'only', 'concurrency', 'chunkUnits', 'reason', 'actor', 'wait', 'signal'],
  ...['onProgress', 'onVerdicts'],
])

const POLICIES: ReadonlySet<unknown> = new Set([undefined, 'skip', 'replace', 'reject'])

const MAX_CHUNK_UNITS = 10_000

const refuse = (message: string, fix: string): never => {
  throw new OnceoverError('INPUT_INVALID', { message, fix })
}

function checkNumber(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0 && value <= most)) return
  refuse(`${name} is ${value}.`, `Give a whole number from 1 to ${most}.`)
}

/**
 * Checks the options of a run.
 *
 * @throws OnceoverError INPUT_INVALID, DURATION_INVALID
 */
export function checkRunOptions(options: RunOptions<never>): void {
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name))
  if (unknown !== undefined) {
    refuse(`There is no option ${unknown}.`, `The options are: ${[...OPTIONS].join(', ')}.`)
  }
  const { onDuplicate, concurrency, chunkUnits, wait, signal } = options
  if (!POLICIES.has(onDuplicate)) {
    refuse(
      `${JSON.stringify(onDuplicate)} is no policy of a run.`,
      "onDuplicate is 'skip', 'replace' or 'reject'; an allowed copy is a row: insert it.",
    )
  }
  checkNumber('concurrency', concurrency, 1000)
  checkNumber('chunkUnits', chunkUnits, MAX_CHUNK_UNITS)
  for (const name of ['onProgress', 'onVerdicts'] as const) {
    const given = options[name]
    if (given !== undefined && typeof given !== 'function') {
      refuse(`${name} is not a function.`, 'Pass a function, or leave it out.')
    }
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    refuse('signal is no AbortSignal.', 'Pass `signal` of an AbortController.')
  }
  if (wait !== undefined && durationMs(wait) === undefined) {
    throw new OnceoverError('DURATION_INVALID', {
      message: `wait is ${JSON.stringify(wait)}, which is no length of time.`,
    })
  }
}
