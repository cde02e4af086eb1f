import { hashedUnits } from '../../claims/hashed/queries.ts'
import type { Inspection } from '../../guards/inspect.ts'
import { exactJson } from '../../postgres/exact-json.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { jsonKey } from '../../rows/answer/queries.ts'
import type { Input } from '../../rows/input/queries.ts'
import { keyNames } from '../../rows/ranked/queries.ts'
import { claimed, counted, standing, withoutFunctions } from '../judged/queries.ts'

/** What expected keys may come to; `made` stands for itself and has no list of keys. */
export const LISTED = ['missing', 'extra', 'duplicate', 'in_flight', 'failed'] as const

/** The counts of a period, in the order in which a statement answers with them. */
export const COUNTED = ['expected', 'made', ...LISTED] as const

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

// A key that failed is missing too.
const judged = `judged AS MATERIALIZED (
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
  ${standing(inspection, sql.raw(withinPeriods(inspection, by)))},
  ${sql.raw(counted(inspection))}, ${claimed(inspection)}, ${sql.raw(judged)}
  SELECT ${sql.raw(periods(inspection, by))}::text AS periods, ${sql.raw(lists)},
    (SELECT count(*) FROM hashed WHERE once_wrong IS NOT NULL)::text AS invalid`
}
