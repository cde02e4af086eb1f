import type { Inspection } from '../../guards/inspect.ts'
import { exactJson, exactText } from '../../postgres/exact-json.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { type Journal, matches, numbered } from '../journal.ts'

const SHOWN_GROUPS = 10
const SHOWN_ROWS = 6

/**
 * The groups of a frozen plan that have the most losers, as JSON: how many rows, the key as the
 * keeper has it, and the first rows, the keeper before the losers.
 */
export const selectLargest = (
  { table, parts, shown, keep }: Inspection,
  { losers }: Journal,
): Sql => {
  const { primaryKey } = table
  const keepers = numbered('k', primaryKey).join(', ')
  const ofGroup = numbered('k', primaryKey)
    .map((name) => `once_l.${name} = once_top.${name}`)
    .join(' AND ')
  const key = parts.map(({ encoding, base }) => exactJson(encoding.inline, base))
  const row = shown.map(({ quoted, base }) => exactText(quoted, base))
  return sql.raw(`
    WITH once_top AS MATERIALIZED (
      SELECT ${keepers}, count(*) AS once_many,
        row_number() OVER (ORDER BY count(*) DESC, ${keepers}) AS once_nth
      FROM ${losers} GROUP BY ${keepers} ORDER BY once_nth LIMIT ${SHOWN_GROUPS}),
    once_member AS (
      SELECT once_nth, once_many, ${keepers} FROM once_top
      UNION ALL SELECT once_nth, once_many, ${numbered('l', primaryKey)
        .map((name) => `once_l.${name}`)
        .join(', ')} FROM once_top JOIN ${losers} AS once_l ON ${ofGroup}),
    once_row AS (
      SELECT once_nth, once_many, json_build_array(${key.join(', ')}) AS once_key,
        json_build_array(${row.join(', ')}) AS once_shown,
        row_number() OVER (PARTITION BY once_nth ORDER BY ${keep.join(', ')}) AS once_rank
      FROM once_member JOIN ${table.quoted}
        ON ${matches(table.quoted, primaryKey, 'once_member', 'k')}),
    once_group AS (
      SELECT json_build_array(once_many + 1,
        (array_agg(once_key ORDER BY once_rank))[1],
        json_agg(once_shown ORDER BY once_rank)) AS once_found, once_nth
      FROM once_row WHERE once_rank <= ${SHOWN_ROWS} GROUP BY once_nth, once_many)
    SELECT coalesce(json_agg(once_found ORDER BY once_nth), '[]')::text AS groups
    FROM once_group`)
}
