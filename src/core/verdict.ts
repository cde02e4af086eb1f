/** What to do with a row or unit whose key exists. */
export type Policy = 'skip' | 'reject' | 'replace' | 'allow'

/** The verdicts that a row can get. */
export const ROW_VERDICTS = [
  'created',
  'replaced',
  'allowed',
  'skipped',
  'collided',
  'invalid',
  'failed',
] as const

/** Every verdict of a row or a unit, in the order in which totals list them. */
export const VERDICTS = [...ROW_VERDICTS, 'in_flight', 'cancelled'] as const

/** The outcome of one row or unit; `in_flight` and `cancelled` come of work only. */
export type VerdictName = (typeof VERDICTS)[number]

/** How many rows came in, and how many got each verdict. */
export type Totals = Readonly<Record<VerdictName | 'rows', number>>

/** Columns and values of one row: dates, times, bigint and numeric as text. */
export type RowValues = Readonly<Record<string, unknown>>

/** The outcome of one row of an input. */
export interface Verdict<Key = RowValues> {
  /** Place of the row in the input, from 0. */
  readonly index: number
  readonly verdict: VerdictName
  /** The canonical key; for an invalid row the values attempted. */
  readonly key: { readonly [Part in keyof Key]: unknown }
  /** The row as it now stands: created, replaced or allowed. */
  readonly row?: RowValues
  /** The row that was already there: skipped, replaced or allowed. */
  readonly existing?: RowValues
  /** Why: `exists`, what is wrong with the row, or PostgreSQL's message. */
  readonly reason?: string
  /** For `collided`: the index of the first row with this key. */
  readonly firstIndex?: number
  /** For a row that PostgreSQL refused: its SQLSTATE. */
  readonly sqlstate?: string
  /** For a row that broke a constraint: its name. */
  readonly constraint?: string
}

/** Adds up verdicts. */
export function totalsOf(verdicts: Iterable<Pick<Verdict, 'verdict'>>): Totals {
  const totals = emptyTotals()
  for (const { verdict } of verdicts) {
    totals[verdict]++
    totals.rows++
  }
  return totals
}

/** Totals of nothing, to add to. */
export function emptyTotals(): Record<VerdictName | 'rows', number> {
  return {
    rows: 0,
    created: 0,
    replaced: 0,
    allowed: 0,
    skipped: 0,
    collided: 0,
    invalid: 0,
    failed: 0,
    in_flight: 0,
    cancelled: 0,
  }
}
