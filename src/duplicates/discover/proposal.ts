import type { PartKind } from '../../core/key-part.ts'
import type { Child } from '../../guards/guard.ts'

/** Rows that repeat a proposed key. */
export interface ProposedDuplicates {
  readonly groups: number
  /** Rows beyond the first of their key. */
  readonly excess: number
  /** True where the figures are estimates from a sample of the table's pages. */
  readonly estimated: boolean
}

/** A guard that a table seems to need, or has already without being declared. */
export interface Proposal {
  /** As a guard names it: with its schema where it is not on the search path. */
  readonly table: string
  /** Rows of the table, as far as they were counted or estimated. */
  readonly rows: number
  /** The kind of each part, by column; by a free name for an expression. */
  readonly key: Readonly<Record<string, PartKind>>
  /** SQL predicate of the rows that the key binds. */
  readonly where?: string
  /** ORDER BY items that put the row to keep first. */
  readonly keep?: readonly string[]
  /** The column that numbers allowed copies. */
  readonly copies?: string
  /** Tables whose foreign keys lead to this one. */
  readonly children: readonly Child[]
  /** `enforced` where a unique index holds the key already; only the declaration is missing. */
  readonly state: 'enforced' | 'unguarded'
  /** That unique index. */
  readonly enforcedBy?: string
  /** 0 to 100: how likely this is a key, and how urgent to guard it. */
  readonly score: number
  /** The reasons, each a sentence. */
  readonly why: readonly string[]
  /** What breaks the key so far; absent where it was not counted. */
  readonly duplicates?: ProposedDuplicates
  /** The declaration in TypeScript: `guard('visits', { … })`, to stand in a list of guards. */
  readonly code: string
  /** What that declaration imports from onceover. */
  readonly imports: readonly string[]
}

/** A table of which not all could be learnt. */
export interface SkippedTable {
  readonly table: string
  readonly reason: string
}

/** What a look at a whole database came to. */
export interface Discovery {
  readonly target: string
  /** How many tables were looked at, the skipped ones included. */
  readonly tables: number
  /** The best first. */
  readonly proposals: readonly Proposal[]
  /** How many more there are beyond the limit. */
  readonly more: number
  /** Tables that could not be read, or whose rows could not all be counted in time. */
  readonly skipped: readonly SkippedTable[]
}

/** What `discover` takes. */
export interface DiscoverOptions {
  /** Only the tables of this schema. */
  readonly schema?: string
  /** How many proposals at most. Default: all. */
  readonly limit?: number
  /** Milliseconds that one statement may take. Default 5,000. */
  readonly timeoutMs?: number
}
