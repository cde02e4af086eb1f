import type { Inspection } from '../../guards/inspect.ts'
import type { InspectedPart } from '../../guards/part.ts'
import type { Column } from '../../guards/table.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { Input } from '../../rows/input/queries.ts'
import { bound, keyNames } from '../../rows/ranked/queries.ts'
import { keyColumns } from '../expected/queries.ts'

/** A guard that is not enforced yet has none of the functions that its index will need. */
export const withoutFunctions = (inspection: Inspection): Inspection => ({
  ...inspection,
  parts: inspection.parts.map((part) => ({
    ...part,
    encoding: { ...part.encoding, indexed: part.encoding.inline },
  })),
})

// To cast to varchar(3) would cut a key that no row can have to one that a row may have.
const CUT = new Set(['varchar', 'bpchar'])

/** The type that a value of a column is read as, where no row need have it. */
export const uncutType = ({ base, plainType }: Column): string => (CUT.has(base) ? base : plainType)

/** The type that a value of a key's part is read as. */
export const valueType = ({ column, base }: InspectedPart): string =>
  column ? uncutType(column) : base

// The query may name it, or a unit have it in its input.
const besides = (column: Column): string => {
  const name = quoteLiteral(column.name)
  return `coalesce(to_jsonb(expected)->>${name}, to_jsonb(expected)->'input'->>${name})
    ::${uncutType(column)} AS ${column.quoted}`
}

/**
 * The keys of a query of expected units as the input of a statement: none leaves the server.
 *
 * @param beside a column that the query may name besides those of the key; NULL where it does not
 */
export const queriedKeys = (inspection: Inspection, query: Sql, beside?: Column): Input => {
  const columns = keyColumns(inspection)
  const cast = columns.map(
    (column) => `(expected.${column.quoted})::${uncutType(column)} AS ${column.quoted}`,
  )
  const own = beside && !columns.includes(beside) ? [beside] : []
  const relation = sql`(SELECT (row_number() OVER () - 1)::int AS once_ord,
    ${sql.raw([...cast, ...own.map(besides)].join(', '))} FROM (${query}) AS expected)`
  return { relation, columns: [...columns, ...own], partial: new Set(), single: false }
}

/** The names of what passes through beside a key, each with its SQL over a row of the table. */
export type Beside = Readonly<Record<string, string>>

/**
 * A CTE of the rows that the key binds and that are `within`.
 *
 * @param within SQL over a row of the table
 */
export const standing = (inspection: Inspection, within: Sql, beside: Beside = {}): Sql => {
  const { table, parts, copies, guard } = inspection
  const keys = parts.map(({ encoding }, index) => `${encoding.indexed} AS once_k${index}`)
  const more = Object.entries(beside).map(([name, value]) => `${value} AS ${name}`)
  return sql`standing AS (
    SELECT ${sql.raw(`${[...keys, ...more].join(', ')}, (${guard.unfinished ?? 'false'}) IS TRUE
      AS once_unfinished, ${copies ? `${copies.quoted}::int8` : '0::int8'} AS once_copy
    FROM ${table.quoted} AS once_table WHERE ${bound(inspection)}`)} AND ${within})`
}

/**
 * A CTE of the keys of the CTEs `expected` and `standing` with what stands of each. Grouped and not
 * joined: equality is that of the types, NULLs of a key are equal, and a wrong estimate of how many
 * keys are expected can make no loop of it.
 */
export const counted = (inspection: Inspection, beside: readonly string[] = []): string => {
  const keys = keyNames(inspection).join(', ')
  const passing = beside.map((name) => `, ${name}`).join('')
  // A copy is allowed; one whose number stands twice is not.
  const lawful = inspection.copies ? 'count(DISTINCT once_copy)' : 'least(count(once_copy), 1)'
  return `counted AS (
    SELECT ${keys}, string_agg(once_hash, '') AS once_hash, count(once_copy) AS once_rows,
      count(*) FILTER (WHERE NOT once_unfinished) AS once_finished,
      count(once_copy) - ${lawful} AS once_excess
      ${beside.map((name) => `, min(${name}) AS ${name}`).join('')}
    FROM (
      SELECT ${keys}, once_hash, NULL::bool AS once_unfinished, NULL::int8 AS once_copy ${passing}
      FROM expected
      UNION ALL
      SELECT ${keys}, NULL::bytea, once_unfinished, once_copy ${passing} FROM standing) AS met
    GROUP BY ${keys})`
}

/**
 * A CTE of the CTE `counted` with what its claims say, found by their hashes where no finished row
 * says enough: one by one, as a join would read the whole ledger. A claim that was given back
 * before its first attempt was over has attempt 0: nothing failed.
 */
export const claimed = ({ guard }: Inspection): Sql => sql`
  live AS MATERIALIZED (
    SELECT id FROM onceover.lease WHERE NOT dead AND expires_at > statement_timestamp()),
  claimed AS (
    SELECT counted.*, once_hash IS NOT NULL AS once_expected,
      once_hash IS NOT NULL AND (once_finished > 0
        OR coalesce(claim.state = 'done', false)
          AND ${sql.raw(String(guard.remember === 'forever'))}) AS once_made,
      coalesce(claim.state = 'claimed' AND claim.lease_id IN (SELECT id FROM live), false)
        AS once_held,
      coalesce(claim.state = 'cancelled', false) AS once_cancelled,
      coalesce(claim.state IN ('exhausted', 'cancelled')
        OR claim.state = 'failed' AND claim.attempt > 0, false) AS once_failed
    FROM counted LEFT JOIN LATERAL (
      SELECT state, lease_id, attempt FROM onceover.claim
      WHERE once_finished = 0 AND guard = ${guard.name}::text AND key_hash = once_hash
      LIMIT 1) AS claim ON true)`

/** The same where there is no ledger: nothing was ever claimed. */
export const unclaimed: Sql = sql`
  claimed AS (
    SELECT counted.*, once_hash IS NOT NULL AS once_expected,
      once_hash IS NOT NULL AND once_finished > 0 AS once_made,
      false AS once_held, false AS once_cancelled, false AS once_failed
    FROM counted)`
