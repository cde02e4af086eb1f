import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { keyList, keys, nullsAreEqual, where } from '../queries.ts'

/** The columns of a table that are foreign keys by themselves, as a JSON array of names. */
export const selectReferences = (oid: string): Sql => sql`
  SELECT coalesce(json_agg(DISTINCT a.attname), '[]')::text AS names
  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
  WHERE c.conrelid = ${oid}::int8::oid AND c.contype = 'f' AND cardinality(c.conkey) = 1`

/**
 * In how many duplicate groups the rows differ in each of some columns. A text is compared in their
 * place: not every type has min() and max().
 */
export function countDiffering(inspection: Inspection, columns: readonly Column[]): Sql {
  const { table, parts, copies } = inspection
  const places = [...parts, ...(copies ? [copies] : [])].map((_, at) => at + 1)
  const copy = copies ? `, ${copies.quoted} AS once_copy` : ''
  const texts = columns.map(({ quoted }, at) => {
    const text = `${quoted}::text COLLATE "C"`
    return `, min(${text}) <> max(${text}) AS once_differs${at}`
  })
  const known = nullsAreEqual(parts) ? [] : keys(parts).map((key) => `${key} IS NOT NULL`)
  const counts = columns.map((_, at) => `count(*) FILTER (WHERE once_differs${at})`)
  return sql.raw(`SELECT to_json(ARRAY[${counts.join(', ')}])::text AS counts FROM (
    SELECT ${keyList(parts)}${copy}${texts.join('')}
    FROM ${table.quoted} ${where(inspection)}
    GROUP BY ${places.join(', ')} HAVING count(*) > 1) AS once_groups
    WHERE ${['true', ...known].join(' AND ')}`)
}
