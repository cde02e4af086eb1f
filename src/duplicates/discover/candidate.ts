import type { Column } from '../../guards/table.ts'
import type { Condition } from './condition.ts'
import type { ProposedPart } from './part.ts'

/** A key that a table may have, before its rows are looked at. */
export interface Candidate {
  readonly parts: readonly ProposedPart[]
  readonly conditions: readonly Condition[]
  /** 0 to 1: how likely names, types and foreign keys make it. */
  readonly prior: number
  readonly why: readonly string[]
}

/** Columns that may be a key together, and what speaks for it. */
export interface Idea {
  readonly columns: readonly Column[]
  readonly prior: number
  readonly why: string
  /**
   * Which rows have the key: `all`; `present` ones, which were not deleted; or `counting` ones,
   * whose state says that they count. Default `counting`.
   */
  readonly binds?: 'all' | 'present' | 'counting'
  /** A reference that the rows of the key do without. */
  readonly without?: Column
}
