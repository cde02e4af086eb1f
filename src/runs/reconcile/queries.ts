import { hashedUnits } from '../../claims/hashed/queries.ts'
import type { Inspection } from '../../guards/inspect.ts'
import { exactJson } from '../../postgres/exact-json.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { jsonKey } from '../../rows/answer/queries.ts'
import type { Input } from '../../rows/input/queries.ts'
import { bound, keyNames } from '../../rows/ranked/queries.ts'
import { keyColumns } from '../expected/queries.ts'

/** What expected keys may come to; `made` stands for itself and has no list of keys. */
export const LISTED = ['missing', 'extra', 'duplicate', 'in_flight', 'failed'] as const

/** The counts of a period, in the order in which a statement answers with them. */
export const COUNTED = ['expected', 'made', ...LISTED] as const

// A guard that is not enforced yet has none of the functions that its index will need.
const withoutFunctions = (inspection: Inspection): Inspection => ({
  ...inspection,
  parts: inspection.parts.map((part) => ({
    ...part,
    encoding: { ...part.encoding, indexed: part.encoding.inline },
  })),
})

// To cast to varchar(3) would cut a key that no row can have to one that a row may have.
const CUT = new Set(['varchar', 'bpchar'])

/** The keys of a query of expected units as the input of a statement: none leaves the server. */
export const queriedKeys = (inspection: Inspection, query: Sql): Input => {
  const columns = keyColumns(inspection)
  const cast = columns.map(
    ({ quoted, base, plainType }) =>
      `(expected.${quoted})::${CUT.has(base) ? base : plainType} AS ${quoted}`,
  )
  const relation = sql`(SELECT (row_number() OVER () - 1)::int AS once_ord,
    ${sql.raw(cast.join(', '))} FROM (${query}) AS expected)`
  return { relation, columns, partial: new Set(), single: false }
}

const ORDERED = new Set(['date', 'timestamp', 'timestamptz', 'int2', 'int4', 'int8'])

// The bounds are for an index. The list is a hashed subplan, which IS TRUE keeps from becoming a
// join: the planner knows nothing of `expected` and would loop. Distinct, because PostgreSQL 15
// hashes no list that it thinks too long, and reads it to its end for every row.
const withinPeriods = ({ parts }: Inspection, by: number | undefined): string => {
  const part = by === undefined ? undefined : parts[by]
  if (part === undefined) return 'true'
  const { encoding, base } = part
  const key = `once_k${by}`
  const bounds = ORDERED.has(base)
    ? `${encoding.indexed} BETWEEN (SELECT min(${key}) FROM expected)
        AND (SELECT max(${key}) FROM expected) AND`
    : ''
  const listed = `${bounds} (${encoding.indexed} IN (SELECT DISTINCT ${key} FROM expected)) IS TRUE`
  return part.part.nulls === 'equal'
    ? `(${listed} OR ${encoding.indexed} IS NULL AND EXISTS (
        SELECT FROM expected WHERE ${key} IS NULL))`
    : `(${listed})`
}

const standing = (inspection: Inspection, by: number | undefined): string => {
  const { table, parts, copies, guard } = inspection
  const keys = parts.map(({ encoding }, index) => `${encoding.indexed} AS once_k${index}`)
  return `standing AS (
    SELECT ${keys.join(', ')}, (${guard.unfinished ?? 'false'}) IS TRUE AS once_unfinished,
      ${copies ? `${copies.quoted}::int8` : '0::int8'} AS once_copy
    FROM ${table.quoted} AS once_table
    WHERE ${bound(inspection)} AND ${withinPeriods(inspection, by)})`
}

// Grouped and not joined: equality is that of the types, NULLs of a key are equal, and a wrong
// estimate of how many keys are expected can make no loop of it.
const counted = (inspection: Inspection): string => {
  const keys = keyNames(inspection).join(', ')
  // A copy is allowed; one whose number stands twice is not.
  const lawful = inspection.copies ? 'count(DISTINCT once_copy)' : 'least(count(once_copy), 1)'
  return `counted AS (
    SELECT ${keys}, string_agg(once_hash, '') AS once_hash, count(once_copy) AS once_rows,
      count(*) FILTER (WHERE NOT once_unfinished) AS once_finished,
      count(once_copy) - ${lawful} AS once_excess
    FROM (
      SELECT ${keys}, once_hash, NULL::bool AS once_unfinished, NULL::int8 AS once_copy
      FROM expected
      UNION ALL
      SELECT ${keys}, NULL::bytea, once_unfinished, once_copy FROM standing) AS met
    GROUP BY ${keys})`
}

// A claim that was given back before its first attempt was over has attempt 0: nothing failed.
const judged = ({ guard }: Inspection): Sql => sql`
  live AS MATERIALIZED (
    SELECT id FROM onceover.lease WHERE NOT dead AND expires_at > statement_timestamp()),
  claimed AS (
    SELECT counted.*, once_hash IS NOT NULL AS once_expected,
      once_hash IS NOT NULL AND (once_finished > 0
        OR coalesce(claim.state = 'done', false)
          AND ${sql.raw(String(guard.remember === 'forever'))}) AS once_made,
      coalesce(claim.state = 'claimed' AND claim.lease_id IN (SELECT id FROM live), false)
        AS once_held,
      coalesce(claim.state IN ('exhausted', 'cancelled')
        OR claim.state = 'failed' AND claim.attempt > 0, false) AS once_failed
    FROM counted LEFT JOIN onceover.claim
      ON claim.guard = ${guard.name}::text AND claim.key_hash = counted.once_hash),
  judged AS MATERIALIZED (
    SELECT claimed.*, once_expected::int AS expected, once_made::int AS made,
      (once_expected AND NOT once_made AND NOT once_held)::int AS missing,
      CASE WHEN once_expected THEN 0 ELSE once_rows END AS extra,
      CASE WHEN once_expected THEN once_excess ELSE 0 END AS duplicate,
      (NOT once_made AND once_held)::int AS in_flight,
      (NOT once_made AND once_failed)::int AS failed
    FROM claimed)`

const periods = ({ parts }: Inspection, by: number | undefined): string => {
  const counts = COUNTED.map((name) => `coalesce(sum(${name}), 0)::int8`).join(', ')
  const part = by === undefined ? undefined : parts[by]
  if (part === undefined) {
    return `(SELECT json_build_array(json_build_array(NULL, json_build_array(${counts})))
      FROM judged)`
  }
  const key = `once_k${by}`
  return `(SELECT coalesce(json_agg(json_build_array(${exactJson(key, part.base)}, once_counts)
      ORDER BY ${key}), '[]')
    FROM (SELECT ${key}, json_build_array(${counts}) AS once_counts FROM judged
      GROUP BY ${key}) AS period)`
}

const list = (inspection: Inspection, name: string, limit: number): string =>
  `(SELECT coalesce(json_agg(once_key), '[]')::text FROM (
    SELECT ${jsonKey(inspection)} AS once_key FROM judged WHERE ${name} > 0
    ORDER BY ${keyNames(inspection).join(', ')} LIMIT ${Math.trunc(limit)}) AS listed) AS ${name}`

/**
 * Holds expected keys against rows and claims, in one statement that reads only. Answers with one
 * line: the counts of each period, the first keys of each kind, and the number of expected units
 * whose key is none.
 *
 * @param by place of the part whose values are the periods; without it all is one period
 */
export const reconcileKeys = (
  given: Inspection,
  input: Input,
  by: number | undefined,
  limit: number,
): Sql => {
  const inspection = withoutFunctions(given)
  const lists = LISTED.map((name) => list(inspection, name, limit)).join(', ')
  return sql`WITH hashed AS MATERIALIZED (${hashedUnits(inspection, input)}),
  expected AS MATERIALIZED (
    SELECT ${sql.raw(keyNames(inspection).join(', '))}, once_hash FROM hashed
    WHERE once_hash IS NOT NULL),
  ${sql.raw(standing(inspection, by))}, ${sql.raw(counted(inspection))}, ${judged(inspection)}
  SELECT ${sql.raw(periods(inspection, by))}::text AS periods, ${sql.raw(lists)},
    (SELECT count(*) FROM hashed WHERE once_wrong IS NOT NULL)::text AS invalid`
}
