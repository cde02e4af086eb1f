import type { Constraint } from './constraint.ts'
import type { Guarded } from './guarded.ts'
import { type History, NO_HISTORY } from './history.ts'
import type { StandIn } from './stand-in.ts'
import type { Standing } from './standing.ts'
import type { ViolationKind } from './violation.ts'

/** What was found out about a duplicate: all that a cause is weighed by. */
export interface Facts {
  readonly kind: ViolationKind
  readonly constraint: Constraint | undefined
  readonly guarded: Guarded | undefined
  /** Whether the values that were attempted are known. */
  readonly known: boolean
  /** The parts of the key that are NULL, each with how many rows like it stand already. */
  readonly missing: readonly { readonly column: string; readonly alike: number | undefined }[]
  /** Parts of the guard's key that nobody said: neither the error nor the caller. */
  readonly unsaid: readonly string[]
  readonly standIns: readonly StandIn[]
  /** Places of the input's rows that share the key; undefined where no input was passed. */
  readonly repeated: readonly number[] | undefined
  readonly standing: Standing | undefined
  /** Whether row-level security may hide the row that stands. */
  readonly hidden: boolean
  /** Whether the row that stands has another key under the guard; undefined where unknown. */
  readonly otherKey: boolean | undefined
  /** Whether it has the very values attempted, of an exclusion. */
  readonly equalKey: boolean
  /** A unique index of the same table that binds more columns. */
  readonly wider: string | undefined
  readonly history: History
  /** Seconds since 1970: the error, the present, and between which two the attempt began. */
  readonly at: number | undefined
  readonly now: number
  readonly begun: { readonly from: number; readonly to: number } | undefined
  /** What a look before the attempt said would become of the row. */
  readonly foreseen: string | undefined
}

/** The facts of a duplicate of which nothing is known yet, but for its moments. */
export const NO_FACTS: Omit<Facts, 'at' | 'now' | 'begun' | 'foreseen'> = {
  kind: 'unique',
  constraint: undefined,
  guarded: undefined,
  known: true,
  missing: [],
  unsaid: [],
  standIns: [],
  repeated: undefined,
  standing: undefined,
  hidden: false,
  otherKey: undefined,
  equalKey: false,
  wider: undefined,
  history: NO_HISTORY,
}
