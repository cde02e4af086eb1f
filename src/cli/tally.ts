import type { WorkVerdict } from '../index.ts'
import { isGivenBack, isTrouble } from './run-report.ts'

const SHOWN_TROUBLES = 10
const KEPT_KEYS = 1000

const PARKED = 'STEP_NEEDS_RECONCILE'
const MAY_BE_PARKED: ReadonlySet<string | undefined> = new Set([PARKED, 'ATTEMPTS_EXHAUSTED'])

const textOf = (key: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.values(key))

/** What is kept of the verdicts of a run, however many there are, for the words at its end. */
export class Tally {
  /** The first units that leave something to do. */
  readonly troubles: WorkVerdict[] = []
  /** Units that were not begun because the run was stopped. */
  givenBack = 0
  /** Units whose step a person must look at, as far as their verdicts say. */
  parked = 0
  /** Milliseconds until the last of the failed units may be tried again. */
  retryMs: number | undefined
  /** Whether units were met whose attempts were used up before: those may be parked, too. */
  metExhausted = false
  readonly #suspects = new Set<string>()

  /** Takes note of verdicts. */
  hear(verdicts: readonly WorkVerdict[]): void {
    for (const verdict of verdicts) {
      if (isGivenBack(verdict)) this.givenBack++
      if (isTrouble(verdict) && this.troubles.length < SHOWN_TROUBLES) this.troubles.push(verdict)
      if (verdict.verdict === 'failed') this.#hearFailed(verdict)
    }
  }

  #hearFailed({ code, key, retryMs }: WorkVerdict): void {
    if (code === PARKED) this.parked++
    if (code === 'ATTEMPTS_EXHAUSTED') this.metExhausted = true
    if (MAY_BE_PARKED.has(code) && this.#suspects.size < KEPT_KEYS) this.#suspects.add(textOf(key))
    if (retryMs !== undefined) this.retryMs = Math.max(this.retryMs ?? 0, retryMs)
  }

  /** True where the ledger must be asked which units are parked, and why. */
  get hasSuspects(): boolean {
    return this.#suspects.size > 0
  }

  /** Whether a unit with this key may be one of them. */
  isSuspect(key: Readonly<Record<string, unknown>>): boolean {
    return this.#suspects.has(textOf(key))
  }
}
