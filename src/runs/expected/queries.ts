import type { Inspection } from '../../guards/inspect.ts'
import { type Column, columnsNamed } from '../../guards/table.ts'
import { exactJson } from '../../postgres/exact-json.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

/**
 * The columns that a query of expected units must answer with: those of the key, and those that an
 * expression of the key is computed from.
 */
export const keyColumns = ({ parts, table }: Inspection): readonly Column[] => {
  const read = parts.flatMap(({ columns }) => columns)
  const given = read.flatMap((column) =>
    column.generated ? columnsNamed(table, column.default) : [column],
  )
  return [...new Set(given)]
}

/**
 * Opens a cursor over a query of expected units that outlives its transaction: it holds neither a
 * snapshot nor a lock while the units are made, which may take hours.
 */
export const openExpected = (inspection: Inspection, query: Sql): Sql => {
  const columns = keyColumns(inspection)
  const key = columns.map(
    ({ name, quoted, base }) => `${quoteLiteral(name)}, ${exactJson(`expected.${quoted}`, base)}`,
  )
  const names = columns.map(({ name }) => quoteLiteral(name)).join(', ')
  return sql`DECLARE onceover_expected NO SCROLL CURSOR WITH HOLD FOR
    SELECT ${sql.raw(`json_build_object(${key.join(', ')})`)}::text AS key,
      (CASE WHEN to_jsonb(expected) ? 'input' THEN to_jsonb(expected)->'input'
        ELSE nullif(to_jsonb(expected) - ARRAY[${sql.raw(names)}]::text[], '{}') END)::text AS input
    FROM (${query}) AS expected`
}

/** The next units of the cursor. */
export const fetchExpected = (count: number): Sql =>
  sql.raw(`FETCH ${Math.trunc(count)} FROM onceover_expected`)
