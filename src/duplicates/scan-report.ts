import type { Nulls } from '../core/key-part.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Coverage } from '../guards/coverage.ts'
import type { Finding } from './finding.ts'
import type { Growth } from './growth.ts'
import type { Overlaps } from './overlaps.ts'

/** Rows that share one key. */
export interface DuplicateGroup {
  readonly key: RowValues
  /** How many rows there are, the keeper included. */
  readonly rows: number
  /** The row to keep: primary key, copy number and `show` columns, as text. */
  readonly keeper: RowValues
  /** The first rows to remove, up to five. */
  readonly losers: readonly RowValues[]
}

/** What a scan says of one part of the key. */
export interface PartReport {
  readonly name: string
  /** What NULL was declared to mean. */
  readonly declared: Nulls
  readonly nulls: number
  readonly forbidden: readonly { readonly value: string; readonly rows: number }[]
  /** Rows with none of the values that `oneOf` lists; only of such a part. */
  readonly unlisted?: number
  /** Rows whose value differs from its trimmed, folded or sorted form. */
  readonly nonCanonical: number
}

/** How many keys repeat, and how many rows are beyond the first of their key. */
export interface Repetition {
  readonly groups: number
  readonly excess: number
}

/** What a scan says of one guard. All counts are rows or groups inside `where`. */
export interface ScanReport {
  readonly guard: string
  readonly table: string
  readonly target: string
  readonly where: string | undefined
  readonly rows: number
  readonly duplicates: Repetition & {
    /** The largest groups, up to ten. */
    readonly largest: readonly DuplicateGroup[]
    /** How many groups have how many rows: the 50 sizes that most groups have, smallest first. */
    readonly sizes: readonly { readonly rows: number; readonly groups: number }[]
  }
  /** Duplicates under both meanings of NULL; the gap is what a unique index does not see. */
  readonly nulls: {
    readonly equal: Repetition
    readonly distinct: Repetition
    readonly gapExcess: number
  }
  readonly parts: readonly PartReport[]
  /** Keys that only harmless differences of spelling keep apart, and spellings in excess. */
  readonly hidden: Repetition
  readonly unfinished: number
  /** Ranges that overlap; only of a guard that declares `overlap`. */
  readonly overlaps?: Overlaps
  /** When the excess rows were made; only where it was asked for, and can be known. */
  readonly growth?: Growth
  /** Why there is no growth though it was asked for, as a sentence. */
  readonly growthUnknown?: string
  readonly coverage: Coverage
  readonly findings: readonly Finding[]
}
