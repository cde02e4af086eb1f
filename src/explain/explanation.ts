import type { RowValues } from '../core/verdict.ts'

/** The causes of a duplicate, in the order in which they are told where several fit alike. */
export const CAUSES = [
  'overlapping_ranges',
  'missing_key_part',
  'fallback_value',
  'narrower_constraint',
  'repeated_in_input',
  'lost_race',
  'retry_of_done_work',
] as const

/**
 * Why a row was refused or skipped. `overlapping_ranges`: its range overlaps another's, which equal
 * keys cannot see. `missing_key_part`: a part of its key is NULL. `fallback_value`: a value stands
 * in for one that nobody passed on. `narrower_constraint`: a constraint with fewer columns than the
 * key refuses it. `repeated_in_input`: the key stands earlier in the same input. `lost_race`:
 * another transaction made the row at the same time. `retry_of_done_work`: it was there before.
 */
export type CauseName = (typeof CAUSES)[number]

/** How sure a cause is, from proof to contradiction. */
export type Likelihood = 'certain' | 'likely' | 'possible' | 'ruled_out'

/** One cause, weighed. */
export interface WeighedCause {
  readonly cause: CauseName
  readonly likelihood: Likelihood
  /** Facts for it, or against it where it is ruled out. */
  readonly evidence: readonly string[]
}

/** Who made a row, as Onceover's own tables know it. */
export interface Maker {
  readonly run: string
  readonly actor: string | null
  readonly reason: string | null
}

/** Why a row is a duplicate, and what to do. */
export interface Explanation {
  /** The guard whose key it is, where one on this table was passed. */
  readonly guard?: string
  /** The constraint that refused the row; missing where a verdict was explained and none did. */
  readonly constraint?: string
  /** `schema.table`. */
  readonly table: string
  /** The values of the key that was attempted, as far as they are known. */
  readonly attempted: RowValues
  /** The row that stands: its primary key, the columns that the guard shows, when it was made. */
  readonly existing?: RowValues
  /** The primary key of that row. */
  readonly existingId?: RowValues
  readonly madeBy?: Maker
  /** In ISO form, UTC. */
  readonly madeAt?: string
  /** The likeliest cause. */
  readonly cause: CauseName
  readonly likelihood: Exclude<Likelihood, 'ruled_out'>
  /** What speaks for it: each a fact found in the database, the error or the input. */
  readonly evidence: readonly string[]
  /** The other causes, the likelier first, with what speaks for or against them. */
  readonly others: readonly WeighedCause[]
  /** What to do, with the code or the SQL. */
  readonly fix: string
}
