import { type Audit, groupOutcomes, recordGroups } from '../../audit/queries.ts'
import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { jsonKey } from '../answer/queries.ts'
import type { Input } from '../input/queries.ts'
import { insertAndKeep } from '../queries.ts'
import { keyNames, rankedRows } from '../ranked/queries.ts'
import type { Statement } from '../statement.ts'

const STAGED = 'onceover_staged_rows'
const ORDERED = 'onceover_ordered_rows'
const KEPT = 'onceover_outcomes'

/** The temporary tables of a call: the rows as selected, or in the order of their keys. */
export type Stage = typeof STAGED | typeof ORDERED

/** Runs a SELECT into a temporary table that the end of the transaction drops. */
export const stageRows = (select: Sql): Sql =>
  sql`CREATE TEMPORARY TABLE ${sql.raw(STAGED)} ON COMMIT DROP AS
    SELECT (row_number() OVER () - 1)::int AS once_ord, selected.* FROM (${select}
    ) AS selected`

/** Drops what a call has staged, for the next call in the same transaction. */
export const dropStages = (): Sql =>
  sql.raw(`DROP TABLE IF EXISTS pg_temp.${STAGED}, pg_temp.${ORDERED}, pg_temp.${KEPT}`)

/** The columns of the staged rows, and how many rows there are. */
export const selectStagedColumns = (): Sql =>
  sql.raw(`
  SELECT a.attname AS name, (SELECT count(*) FROM pg_temp.${STAGED})::text AS rows
  FROM pg_attribute a WHERE a.attrelid = 'pg_temp.${STAGED}'::regclass AND a.attnum > 1
  ORDER BY a.attnum`)

// A cast to varchar(5) cuts what an INSERT refuses: the length is left to the INSERT.
const UNCUT: Readonly<Record<string, string>> = {
  varchar: 'varchar',
  bpchar: 'bpchar',
  bit: 'varbit',
  varbit: 'varbit',
}

const uncut = ({ quoted, base, type }: Column): string =>
  `${quoted}::${UNCUT[base] ?? type} AS ${quoted}`

/** Which staged rows: those from `start` up to `end`, or those of the given places. */
export type Range = readonly [start: number, end: number] | { readonly places: readonly number[] }

const chosen = (range: Range): Sql => {
  if ('places' in range) {
    const places = JSON.stringify(range.places)
    return sql`once_ord IN (SELECT json_array_elements_text(${places}::text::json)::int)`
  }
  const [start, end] = range
  return sql`once_ord >= ${start} AND once_ord < ${end}`
}

/** Some of the staged rows as the input of a statement. */
export const stagedInput = (stage: Stage, columns: readonly Column[], range: Range): Input => ({
  relation: sql`(SELECT ${sql.raw(['once_ord', ...columns.map(uncut)].join(', '))}
    FROM ${sql.raw(`pg_temp.${stage}`)} WHERE ${chosen(range)})`,
  columns,
  partial: new Set<Column>(),
  single: ('places' in range ? range.places.length : range[1] - range[0]) === 1,
})

/** Has PostgreSQL read rows: cast them to their columns and compute their keys. */
export const readStaged = (inspection: Inspection, input: Input): Sql =>
  sql`SELECT count(ranked)::text AS rows FROM (${rankedRows(inspection, input)}) AS ranked`

/** One staged row, as JSON. */
export const selectStagedRow = (place: number): Sql => sql`
  SELECT row_to_json(staged)::text AS values FROM ${sql.raw(`pg_temp.${STAGED}`)} AS staged
  WHERE once_ord = ${place}`

/** Takes rows that PostgreSQL cannot read away. */
export const dropStaged = (places: readonly number[]): Sql =>
  sql`DELETE FROM ${sql.raw(`pg_temp.${STAGED}`)} WHERE ${chosen({ places })}`

/** Makes the table in which outcomes are kept until all of them are known. */
export const createKept = (): Sql =>
  sql.raw(`CREATE TEMPORARY TABLE ${KEPT} (ord int, first int, verdict text, reason text,
    key json, found json, found_id json) ON COMMIT DROP`)

/** Keeps the outcome of the rows whose key an earlier row has. */
export const keepCollided = (inspection: Inspection, input: Input): Sql => sql`
  INSERT INTO ${sql.raw(`pg_temp.${KEPT}`)} (ord, first, verdict, key)
  SELECT once_ord, once_first, 'collided', ${sql.raw(jsonKey(inspection))}
  FROM (${rankedRows(inspection, input)}) AS ranked
  WHERE once_ord <> once_first AND once_fault IS NULL`

/** Puts the other rows into one order, by key; `once_source` is the place in the SELECT. */
export const orderStaged = (inspection: Inspection, input: Input): Sql => {
  const order = ['once_bound', ...keyNames(inspection), 'once_ord'].join(', ')
  const columns = input.columns.map(({ quoted }) => quoted)
  return sql`CREATE TEMPORARY TABLE ${sql.raw(ORDERED)} ON COMMIT DROP AS
    SELECT (row_number() OVER (ORDER BY ${sql.raw(order)}) - 1)::int AS once_ord,
      ${sql.raw(['once_ord AS once_source', ...columns].join(', '))}
    FROM (${rankedRows(inspection, input)}) AS ranked
    WHERE once_ord = once_first OR once_fault IS NOT NULL`
}

/** Lets rows be found by their place in that order. */
export const indexOrdered = (): Sql =>
  sql.raw(`CREATE UNIQUE INDEX ON pg_temp.${ORDERED} (once_ord)`)

/** How many rows there are in that order. */
export const countOrdered = (): Sql =>
  sql.raw(`SELECT count(*)::text AS rows FROM pg_temp.${ORDERED}`)

/** Inserts ordered rows, keeps their outcomes, and answers with the places of those that raced. */
export const insertOrdered = (statement: Omit<Statement, 'audit'>): Sql =>
  insertAndKeep(statement, `pg_temp.${KEPT}`, `pg_temp.${ORDERED}`)

/** The places in the SELECT and the canonical keys of ordered rows, as JSON. */
export const selectOrderedKeys = (inspection: Inspection, input: Input): Sql => sql`
  SELECT json_agg(json_build_array(once_ord, once_source, ${sql.raw(jsonKey(inspection))}))::text
    AS keys
  FROM (${rankedRows(inspection, input)}) AS ranked
  JOIN (SELECT once_ord, once_source FROM ${sql.raw(`pg_temp.${ORDERED}`)}) AS ordered
    USING (once_ord)`

/** Records the outcomes that were kept. */
export const recordKept = (audit: Audit): Sql => sql`
  WITH outcome AS (
    SELECT (row_number() OVER (PARTITION BY verdict, reason ORDER BY ord) - 1) AS ord,
      verdict, reason, key, found_id IS NOT NULL AS met, found_id
    FROM ${sql.raw(`pg_temp.${KEPT}`)}),
  ${groupOutcomes()}, ${recordGroups(audit)}
  SELECT count(*)::text AS recorded FROM outcome`

/** How many rows got each verdict, of the outcomes that were kept. */
export const countKept = (): Sql =>
  sql.raw(`SELECT verdict, count(*)::text AS count FROM pg_temp.${KEPT} GROUP BY verdict`)

/** The outcomes that were kept, without the rows that were created, as JSON. */
export const selectKept = (): Sql =>
  sql.raw(`SELECT json_agg(json_build_object('place', ord, 'first', first, 'verdict', verdict,
    'reason', reason, 'key', key, 'found', found))::text AS outcomes
  FROM pg_temp.${KEPT} WHERE verdict <> 'created'`)
