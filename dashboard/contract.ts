import type {
  Coverage,
  Losers,
  RowValues,
  RunPreview,
  StoredRepair,
  StoredRun,
  VerdictName,
} from '../src/index.ts'

/** What `GET api` says of the server. */
export interface Session {
  readonly name: string
  readonly version: string
  readonly environment: string | null
  readonly target: string
  /** Whether this visitor may change anything. */
  readonly write: boolean
  readonly actor: string | null
  readonly schema: 'ready' | 'missing'
}

/** An error as the server tells it. */
export interface Problem {
  readonly title: string
  readonly detail: string
  readonly code: string
  readonly fix?: string
}

/** Long work of the server, by guard. */
export interface Underway {
  readonly guard: string
  readonly what: 'run' | 'apply' | 'undo' | 'enforce' | 'unenforce'
  /** Of the run or the repair. */
  readonly id: string | null
  readonly actor: string
  readonly startedAt: string
  readonly progress: Readonly<Record<string, unknown>> | null
  /** What it came to. */
  readonly result: Readonly<Record<string, unknown>> | null
  readonly error: Problem | null
  readonly endedAt: string | null
}

/** A guard as the list has it. */
export interface GuardSummary {
  readonly name: string
  readonly table: string
  readonly key: readonly string[]
  readonly where: string | null
  readonly matrix: { readonly entity: string; readonly period: string } | null
  readonly generator: boolean
  readonly expected: boolean
  readonly copies: boolean
  readonly enforced: boolean
  readonly index: string | null
  /** Claims that somebody should look at; capped at 1000. */
  readonly counts: Readonly<Record<'claimed' | 'failed' | 'exhausted' | 'cancelled', number>>
  readonly lastRun: StoredRun | null
  readonly underway: Underway | null
  readonly error: Problem | null
}

/** What the catalogue says of the table of a guard and of its indexes. */
export interface GuardInspection extends Omit<Coverage, 'enforced'> {
  /** Missing where the role may not ask. */
  readonly enforced?: boolean
  readonly table: string
  readonly columns: readonly string[]
  readonly primaryKey: readonly string[]
  readonly partitioned: boolean
  readonly rowSecurity: boolean
}

/** A guard with what was inspected. */
export interface GuardDetail extends GuardSummary {
  readonly parts: readonly { readonly name: string; readonly type: string | null }[]
  readonly keep: readonly string[]
  readonly losers: Losers
  /** Null where it could not be held against its table; `error` says why. */
  readonly inspection: GuardInspection | null
  readonly repairs: readonly StoredRepair[]
}

/** A page of a list; `next` is the cursor of the page after it. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
  /** How far back was looked, where a search ended before it found enough; `next` looks further. */
  readonly searchedTo?: string | null
}

/** A unit of a run, or a row, with its verdict. */
export interface RunUnit {
  readonly key: RowValues
  readonly verdict: VerdictName
  readonly reason: string | null
  /** The primary key of the row that it met. */
  readonly existing: RowValues | null
  readonly at: string
  readonly cursor: string
}

/** The states of a cell, and the letter of each. */
export const CELL_LETTERS = {
  missing: 'm',
  failed: 'f',
  claimed: 'c',
  cancelled: 'x',
  duplicate: 'u',
  skipped: 's',
  extra: 'e',
  done: 'd',
} as const
/** The state of a cell of the matrix. */
export type CellState = keyof typeof CELL_LETTERS

/** One entity of the matrix: a letter for each period. */
export interface MatrixRow {
  readonly entity: string | null
  readonly label: string | null
  readonly states: string
  /** Keys per cell; null where every cell has at most one. */
  readonly counts: readonly number[] | null
}

/** A window of the matrix. */
export interface MatrixPage {
  readonly guard: string
  readonly entity: string
  readonly period: string
  readonly from: string | null
  readonly to: string | null
  /** Database time of which it is. */
  readonly at: string
  /** True where a newer one is being made: ask again. */
  readonly stale: boolean
  /** Whether it is known what ought to exist, so that `missing` means something. */
  readonly expected: boolean
  readonly periods: readonly string[]
  readonly byPeriod: readonly Readonly<Partial<Record<CellState, number>>>[]
  readonly totals: Readonly<Partial<Record<CellState, number>>>
  /** How many entities match. */
  readonly entities: number
  readonly rows: readonly MatrixRow[]
  readonly next: string | null
}

/** The keys of one cell. */
export interface CellKeys {
  readonly keys: readonly { readonly key: RowValues; readonly state: CellState }[]
}

/** Keys that were looked up once and kept, so that what is shown is what is run. */
export interface Selection {
  readonly id: string
  readonly count: number
  /** The first 20. */
  readonly keys: readonly RowValues[]
  readonly at: string
}

/** What a preview answers. */
export type Preview = RunPreview

/**
 * A change that the server tells of: of the ledger, of its long work, or that the database went or
 * came back (`state`). `reset` says that some were missed.
 */
export interface Change {
  readonly kind: 'event' | 'run' | 'repair' | 'underway' | 'database' | 'reset'
  readonly guard?: string
  readonly [name: string]: unknown
}
