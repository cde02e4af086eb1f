import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { madeOn } from '../guards/made-column.ts'
import type { Column, Table } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { selectStanding } from './queries.ts'
import { quietly } from './quietly.ts'

/** A row that has the key, and what the database knows of its making. */
export interface Standing {
  /** Its primary key, the columns that the guard shows, and when it was made, as text. */
  readonly row: RowValues
  readonly id: RowValues
  /** Its canonical key under the guard, as a JSON array, and that key's hash in hex. */
  readonly key: string | undefined
  readonly hash: string | undefined
  /** The column that says when it was made, where the table has one. */
  readonly madeIn: string | undefined
  /** What that column says, and when its transaction committed; seconds since 1970. */
  readonly made: number | undefined
  readonly committed: number | undefined
  /** How many transactions of the whole server ago it was written. */
  readonly transactions: number
}

interface StandingRow {
  row: (string | null)[]
  key?: unknown[]
  hash?: string | null
  made: number | null
  committed: number | null
  transactions: number
}

/** Which row to look for. */
export interface Wanted {
  readonly table: Table
  readonly inspection: Inspection | undefined
  readonly condition: Sql
  readonly predicate?: string | undefined
}

const pick = (row: RowValues, columns: readonly Column[]): RowValues =>
  Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]))

/** The row that meets a condition; undefined where there is none that this role may see. */
export async function findStanding(
  session: Session,
  { table, inspection, condition, predicate }: Wanted,
): Promise<Standing | undefined> {
  const madeIn = madeOn(table)
  const shown = [
    ...new Set([
      ...(inspection?.shown ?? table.primaryKey),
      // Without a primary key a row is named by all that it has.
      ...(table.primaryKey.length === 0 ? table.columns.values() : []),
      ...(madeIn ? [madeIn] : []),
    ]),
  ]
  const search = { table, shown, madeIn, condition, predicate, inspection }
  const [found] =
    (await quietly(session, () => session.query<{ standing: string }>(selectStanding(search)))) ??
    []
  if (!found) return undefined
  const facts: StandingRow = JSON.parse(found.standing)
  const row = Object.fromEntries(shown.map(({ name }, place) => [name, facts.row[place] ?? null]))
  return {
    row,
    id: pick(row, table.primaryKey),
    key: facts.key && JSON.stringify(facts.key),
    hash: facts.hash ?? undefined,
    madeIn: madeIn?.name,
    made: facts.made ?? undefined,
    committed: facts.committed ?? undefined,
    transactions: facts.transactions,
  }
}
