import type { RowValues } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'

/** What a statement answers with in the one JSON text of its one row. */
export async function answer<T>(session: Session, statement: Sql): Promise<T> {
  const [row] = await session.query(statement)
  return JSON.parse(String(Object.values(row ?? {})[0]))
}

/** Values by the names of their columns. */
export const zip = (
  columns: readonly { readonly name: string }[],
  values: readonly unknown[],
): RowValues => Object.fromEntries(columns.map(({ name }, place) => [name, values[place] ?? null]))
