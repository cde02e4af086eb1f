import type { Column, Table } from '../guards/table.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'

/** The names of the tables of one repair, in our schema. */
export interface Journal {
  /** The frozen plan: a row for each loser. */
  readonly losers: string
  /** What was removed from a table, by its place in the family. */
  readonly rows: (table: number) => string
  /** What was changed in children, by the place of their edge, or in losers that are set. */
  readonly moves: (edge: number) => string
}

/** The names of the tables of a repair, quoted. */
export const journalOf = (repair: string): Journal => {
  const named = (what: string) => `onceover.${quoteIdentifier(`repair_${repair}_${what}`)}`
  return {
    losers: named('losers'),
    rows: (table) => named(`rows_${table}`),
    moves: (edge) => named(`moves_${edge}`),
  }
}

/** Columns called `once_<letter>0`, `once_<letter>1`, …: the user's own stand beside them. */
export const numbered = (letter: string, columns: readonly unknown[]): readonly string[] =>
  columns.map((_, place) => `once_${letter}${place}`)

/** `t.a = l.once_x0 AND t.b = l.once_x1`. */
export const matches = (
  alias: string,
  columns: readonly Column[],
  other: string,
  letter: string,
): string =>
  columns
    .map(({ quoted }, place) => `${alias}.${quoted} = ${other}.once_${letter}${place}`)
    .join(' AND ')

/** The columns of a table that can be written: `"a", "b"`, each behind the alias where given. */
export const written = (table: Table, alias = ''): string =>
  [...table.columns.values()].map(({ quoted }) => `${alias && `${alias}.`}${quoted}`).join(', ')

/** The primary key of a table: `"a", "b"`. */
export const keyOf = ({ primaryKey }: Table): string =>
  primaryKey.map(({ quoted }) => quoted).join(', ')
