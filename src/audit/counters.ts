import type { VerdictName } from '../core/verdict.ts'

/** External calls: made, answered from the record instead, and looked up at the provider. */
export interface StepCounts {
  readonly made: number
  readonly avoided: number
  readonly asked: number
}

/** Verdicts since the start of the process; `skipped` by reason. */
export type Counts = Readonly<Record<Exclude<VerdictName, 'skipped'>, number>> & {
  readonly skipped: Readonly<Record<string, number>>
  readonly steps: StepCounts
}

/** Counts verdicts from the first one on. */
export class Counters {
  readonly #counts = {
    created: 0,
    replaced: 0,
    allowed: 0,
    collided: 0,
    invalid: 0,
    failed: 0,
    in_flight: 0,
    cancelled: 0,
  }
  readonly #skipped: Record<string, number> = {}
  readonly #steps = { made: 0, avoided: 0, asked: 0 }

  /** Adds verdicts of one kind. */
  add(verdict: VerdictName, count: number, reason = 'exists'): void {
    if (verdict === 'skipped') this.#skipped[reason] = (this.#skipped[reason] ?? 0) + count
    else this.#counts[verdict] += count
  }

  /** Adds an external call that was made, avoided or asked for. */
  addStep(kind: keyof StepCounts): void {
    this.#steps[kind]++
  }

  /** The counts as they stand. */
  get current(): Counts {
    return { ...this.#counts, skipped: { ...this.#skipped }, steps: { ...this.#steps } }
  }
}
