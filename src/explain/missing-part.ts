import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Table } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import type { Facts } from './facts.ts'
import { type Compared, countUpTo, hasValues } from './queries.ts'
import { quietly } from './quietly.ts'

/** The columns of a guard's key that a row lacks, and those of which nobody said anything. */
export function lackingParts(
  { parts }: Inspection,
  values: RowValues,
  row: RowValues | undefined,
): { readonly missing: readonly string[]; readonly unsaid: readonly string[] } {
  const missing: string[] = []
  const unsaid: string[] = []
  for (const { name, column, part } of parts) {
    if (!column || part.nulls === 'equal') continue
    const value = values[name]
    const leftOut = value === undefined && row !== undefined && column.default === 'NULL'
    if (value === null || leftOut) missing.push(name)
    else if (value === undefined && !column.notNull) unsaid.push(name)
  }
  return { missing, unsaid }
}

async function countAlike(
  session: Session,
  table: Table,
  column: string,
  values: RowValues,
): Promise<number | undefined> {
  const columns = [...table.columns.values()]
  const compared = columns.flatMap(({ name, quoted, type }): Compared[] => {
    if (name === column) return [{ sql: quoted, type, operator: '=', value: null }]
    const value = values[name]
    return typeof value === 'string' || typeof value === 'number'
      ? [{ sql: quoted, type, operator: '=', value: String(value) }]
      : []
  })
  if (!compared.some(({ value }) => value === null)) return undefined
  const statement = countUpTo(table, hasValues(compared))
  const [row] = (await quietly(session, () => session.query<{ rows: string }>(statement))) ?? []
  return row && Number(row.rows)
}

/** The parts that are NULL, each with how many rows like the one that was sent stand already. */
export const missingFacts = async (
  session: Session,
  table: Table,
  columns: Iterable<string>,
  values: RowValues,
): Promise<Facts['missing']> => {
  const found: { column: string; alike: number | undefined }[] = []
  for (const column of new Set(columns)) {
    found.push({ column, alike: await countAlike(session, table, column, values) })
  }
  return found
}
