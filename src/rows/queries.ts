import { groupOutcomes, recordGroups } from '../audit/queries.ts'
import type { Column } from '../guards/table.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import { answered, jsonIdentity, jsonKey, jsonRow, renamed } from './answer/queries.ts'
import { insertedRows, standingColumns } from './inserted/queries.ts'
import { madeRows, movedRows } from './made/queries.ts'
import { equal, rankedRows } from './ranked/queries.ts'
import type { Statement } from './statement.ts'

// Each ranked row beside the row that stands for its key, found by the index that enforces the
// guard. The lookup is lateral, because a join would let a wrong estimate read the whole table.
const metRows = (
  { inspection, input, shown }: Omit<Statement, 'audit'>,
  standing: readonly Column[] = [],
): Sql => {
  const { table, parts, copies, guard } = inspection
  const matches = parts.map(({ encoding, part }, index) =>
    equal(encoding.indexed, `ranked.once_k${index}`, part.nulls === 'equal'),
  )
  const columns = [
    ...renamed('once_f', answered(inspection, shown)),
    ...renamed('once_s', standing),
  ]
  const top = copies ? `, max(${copies.quoted}) OVER () AS once_top` : ''
  return sql`
  met AS MATERIALIZED (
    SELECT ranked.*, found.* FROM (${rankedRows(inspection, input)}) AS ranked
    ${sql.raw(`LEFT JOIN LATERAL (
      SELECT true AS once_met, ${columns.join(', ')}${top} FROM ${table.quoted} AS once_table
      WHERE ranked.once_bound AND ranked.once_fault IS NULL
        AND ranked.once_ord = ranked.once_first
        AND (${guard.where ?? 'true'}) AND ${matches.join(' AND ')}
      ${copies ? `ORDER BY ${copies.quoted}` : ''} LIMIT 1) AS found ON true`)})`
}

const MET = { skip: 'skipped', replace: 'replaced', allow: 'allowed' } as const

// One line for each row of the input: its verdict, its key, and the rows made and met. Whether
// there is one is a column of its own: an aggregate that asks the JSON builds it once more.
const outcomes = (
  statement: Pick<Statement, 'inspection' | 'shown' | 'policy'>,
  done: boolean,
): Sql => {
  const { inspection, shown, policy } = statement
  const all = answered(inspection, shown)
  // A row that was met and deleted by another before it could be replaced is none that exists.
  const replaced = policy === 'replace' && done ? 'once_replaced' : 'once_met'
  const verdict = done
    ? `WHEN once_made AND ${replaced} THEN '${MET[policy]}'
        WHEN once_made THEN 'created'
        ${policy === 'skip' ? `WHEN once_met THEN 'skipped'` : ''}
        ELSE 'raced'`
    : `WHEN once_met THEN '${MET[policy]}' ELSE 'created'`
  const made = done ? `CASE WHEN once_made THEN ${jsonRow('once_m', shown, all)} END` : 'NULL::json'
  // A row that was committed and replaced while the statement ran is known by its id only.
  const raced =
    policy === 'replace' ? `WHEN once_replaced THEN ${jsonIdentity('once_m', inspection, all)}` : ''
  const found = `WHEN once_met AND ${replaced} THEN`
  const identity = `CASE ${found} ${jsonIdentity('once_f', inspection, all)} ${raced} END`
  const exists =
    policy === 'skip' ? `WHEN once_met ${done ? 'AND once_made IS NULL' : ''} THEN 'exists'` : ''
  return sql.raw(`
  outcome AS (
    SELECT once_ord AS ord, once_first AS first, ${jsonKey(inspection)} AS key,
      CASE WHEN once_fault IS NOT NULL THEN 'invalid'
        WHEN once_ord <> once_first THEN 'collided' ${verdict} END AS verdict,
      CASE WHEN once_fault IS NOT NULL THEN once_fault ${exists} END AS reason,
      ${done ? 'once_made IS NOT NULL' : 'false'} AS was_made, ${made} AS made,
      coalesce(${replaced}, false) AS met,
      CASE ${found} ${jsonRow('once_f', shown, all)} END AS found,
      ${done ? identity : 'NULL::json'} AS found_id
    FROM ${done ? 'made' : 'met'})`)
}

// Parallel arrays: the places of the rows, for a collision the first place, the rows made and met.
const GROUPED = [
  'json_agg(ord) AS places',
  "json_agg(first) FILTER (WHERE verdict = 'collided') AS firsts",
  'CASE WHEN bool_or(was_made) THEN json_agg(made) END AS made',
  'CASE WHEN bool_or(met) THEN json_agg(found) END AS found',
]

const ANSWER = sql.raw(`SELECT verdict, reason, places::text AS places, keys::text AS keys,
  firsts::text AS firsts, made::text AS made, found::text AS found FROM grouped`)

const inserting = (statement: Omit<Statement, 'audit'>, more: readonly string[]): Sql => {
  return sql`WITH ${metRows(statement, standingColumns(statement))}, ${insertedRows(statement)},
    ${madeRows(statement)}, ${outcomes(statement, true)},
    ${groupOutcomes(['count(*) FILTER (WHERE was_made) AS made_rows', ...more])},
    ${movedRows(statement)}`
}

const recording = ({ audit }: Statement): Sql =>
  audit ? sql`, ${recordGroups(audit)}` : sql.raw('')

/**
 * Inserts rows and answers with one line for each verdict and reason: `places`, `keys`, `firsts`,
 * `made` and `found` are JSON arrays in one order. A row whose key was committed by another after
 * this statement began is `raced`.
 */
export const insertRows = (statement: Statement): Sql =>
  sql`${inserting(statement, GROUPED)}${recording(statement)}
    ${ANSWER}, moved WHERE moved.rows = 0`

const RACED = "json_agg(ord) FILTER (WHERE verdict = 'raced') AS places"

/** Inserts rows and answers with the number of each verdict, and the places that raced. */
export const insertAndCount = (statement: Statement): Sql =>
  sql`${inserting(statement, [RACED])}${recording(statement)}
    SELECT verdict, grouped.rows::text AS count, places::text AS places FROM grouped, moved
    WHERE moved.rows = 0`

/**
 * Inserts rows, keeps their outcomes in a table, and answers with the places that raced.
 *
 * @param source a table with the place in the input, `once_source`, of each `once_ord`
 */
export const insertAndKeep = (
  statement: Omit<Statement, 'audit'>,
  kept: string,
  source: string,
): Sql =>
  sql`${inserting(statement, [])},
  kept AS (
    INSERT INTO ${sql.raw(kept)} (ord, verdict, reason, key, found, found_id)
    SELECT once_source, verdict, reason, key, found, found_id
    FROM outcome JOIN ${sql.raw(source)} AS source ON source.once_ord = outcome.ord
    WHERE verdict <> 'raced')
  SELECT (SELECT json_agg(ord)::text FROM outcome WHERE verdict = 'raced') AS places
  FROM moved WHERE moved.rows = 0`

/** Answers with the outcome that each row would have; writes nothing and locks nothing. */
export const previewRows = (statement: Omit<Statement, 'audit'>): Sql => {
  return sql`WITH ${metRows(statement)}, ${outcomes(statement, false)},
    ${groupOutcomes(GROUPED)} ${ANSWER}`
}
