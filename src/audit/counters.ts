import type { VerdictName } from '../core/verdict.ts'

/** Verdicts since the start of the process; `skipped` by reason. */
export type Counts = Readonly<Record<Exclude<VerdictName, 'skipped'>, number>> & {
  readonly skipped: Readonly<Record<string, number>>
}

/** Counts verdicts from the first one on. */
export class Counters {
  readonly #counts = { created: 0, replaced: 0, allowed: 0, collided: 0, invalid: 0, failed: 0 }
  readonly #skipped: Record<string, number> = {}

  /** Adds verdicts of one kind. */
  add(verdict: VerdictName, count: number, reason = 'exists'): void {
    if (verdict === 'skipped') this.#skipped[reason] = (this.#skipped[reason] ?? 0) + count
    else this.#counts[verdict] += count
  }

  /** The counts as they stand. */
  get current(): Counts {
    return { ...this.#counts, skipped: { ...this.#skipped } }
  }
}
