import type { RowValues } from '../core/verdict.ts'

/** A unit of work as it is persisted with its claim until it is done. */
export interface Unit<Key = RowValues, Input = unknown> {
  /** The columns of the guard's key, as an insert takes them. */
  readonly key: Key
  readonly input: Input
}

/** A claim that a worker was given. */
export interface Grant {
  /** Place of the unit in the input. */
  readonly index: number
  /** The canonical key, by part. */
  readonly key: RowValues
  /** SHA-256 of the key, in hex. */
  readonly hash: string
  readonly fence: bigint
  /** The number of this attempt, from 1. */
  readonly attempt: number
  /** How often the key was opened again after it was done, from 1; steps belong to one. */
  readonly generation: number
  /** The row that stands for the key: it is replaced, or it says that it is unfinished. */
  readonly existing: RowValues | undefined
  /** Whether a finished row stood for the key when it was claimed, which is to be replaced. */
  readonly replaces: boolean
}

/** How an external call of a step is made. */
export interface StepCall {
  /** The same for every call of this step, however often it is tried: hand it to the provider. */
  readonly idempotencyKey: string
  /** Aborted when the claim is lost, the run cancelled or the time up. */
  readonly signal: AbortSignal
}

/** How the answer of a lost call is found. */
export interface StepOptions<Answer> {
  /**
   * Asks the provider for a call whose answer was lost. Undefined: the provider does not know it,
   * and it is made again with the same idempotency key.
   */
  readonly ask?: (call: StepCall) => Promise<Answer | undefined> | Answer | undefined
}

/** What `make` and `save` are told of the claim that they run under. */
export interface Claim {
  /** Id of the run. */
  readonly run: string
  /** The canonical key, by part. */
  readonly key: RowValues
  /** Rises with each owner of the key: writers outside the database can compare it. */
  readonly fence: bigint
  /** The number of this attempt, from 1. */
  readonly attempt: number
  /** Aborted when the lease is lost, the run cancelled, or the time of the attempt up. */
  readonly signal: AbortSignal
  /** The row that stands for the key, where one does: its primary key and the `show` columns. */
  readonly existing: RowValues | undefined
  /**
   * Makes an external call once per unit: its intent is committed before, its answer after it, and
   * later attempts get the recorded answer.
   *
   * @param name of the step, unique in its unit
   * @param call makes the call and answers with a JSON value
   * @throws OnceoverError STEP_NEEDS_RECONCILE where an answer was lost and cannot be asked for,
   * CLAIM_LOST, STEP_INVALID
   */
  step<Answer>(
    name: string,
    call: (call: StepCall) => Promise<Answer> | Answer,
    options?: StepOptions<Answer>,
  ): Promise<Answer>
}
