import type { Inspection } from '../../guards/inspect.ts'
import { exactText } from '../../postgres/exact-json.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { jsonKey } from '../../rows/answer/queries.ts'
import { equal } from '../../rows/ranked/queries.ts'

/** A claim by the hash of its key, in hex: how it stands and whose it is. */
export const selectClaim = (guard: string, hash: string): Sql => sql`
  SELECT json_build_object('state', claim.state, 'run', claim.run_id, 'worker', worker,
    'actor', actor, 'reason', run.reason,
    'claimed', extract(epoch FROM claimed_at)::float8,
    'ended', extract(epoch FROM ended_at)::float8)::text AS claim
  FROM onceover.claim LEFT JOIN onceover.lease ON lease.id = claim.lease_id
  LEFT JOIN onceover.run ON run.id = claim.run_id
  WHERE claim.guard = ${guard} AND key_hash = decode(${hash}, 'hex')`

/** Which events of a key to read. */
export interface KeyEvents {
  readonly guard: string
  /** The canonical key as a JSON array. */
  readonly key: string
  readonly verdicts: readonly string[]
  readonly run?: string | undefined
  /** Only those within an hour of this moment; without it only the newest of the guard's. */
  readonly near?: number | undefined
  readonly limit: number
}

const NEAR_S = 3600
// An event has up to a thousand keys, and each of them is looked at.
const NEWEST = 1000

const around = (near: number | undefined): Sql =>
  near === undefined
    ? sql`true`
    : sql`at BETWEEN to_timestamp(${near - NEAR_S}::float8)
        AND to_timestamp(${near + NEAR_S}::float8)`

/** What the audit says of one key, newest first. */
export const selectKeyEvents = ({ guard, key, verdicts, run, near, limit }: KeyEvents): Sql => sql`
  SELECT json_build_object('id', event.id::text, 'verdict', verdict, 'run', run_id,
    'actor', event.actor, 'reason', coalesce(run.reason, event.reason),
    'at', extract(epoch FROM at)::float8)::text AS event
  FROM (SELECT * FROM onceover.event
    WHERE guard = ${guard} AND verdict = ANY(${[...verdicts]}::text[])
      AND ${run === undefined ? sql`true` : sql`run_id = ${run}::uuid`}
      AND ${around(near)}
    ORDER BY at DESC, id DESC LIMIT ${NEWEST}) AS event
  LEFT JOIN onceover.run ON run.id = event.run_id
  WHERE EXISTS (SELECT FROM json_array_elements(keys) AS one WHERE one::jsonb = ${key}::jsonb)
  ORDER BY at DESC, event.id DESC LIMIT ${limit}`

/** How many of the rows besides the keeper are named, and how many of all. */
const NAMED = 5
const FIRST = 20

/**
 * The one unit of `hashedUnits`: its hash in hex, its canonical key as a JSON array, its fault, and
 * the rows that stand for it: how many, how many of them are duplicates, the keeper's primary key
 * and those of the first duplicates and of the first rows, as JSON objects of texts. Copies were
 * allowed: only rows of the same copy are duplicates of each other.
 */
export const selectKeyOfUnit = (inspection: Inspection, hashed: Sql): Sql => {
  const { table, parts, copies, guard, keep } = inspection
  const id = table.primaryKey.map(
    ({ name, quoted, base }) => `${quoteLiteral(name)}, ${exactText(quoted, base)}`,
  )
  const matches = parts.map(({ encoding, part }, index) =>
    equal(encoding.indexed, `hashed.once_k${index}`, part.nulls === 'equal'),
  )
  const [copy, apart] = copies ? [copies.quoted, `PARTITION BY ${copies.quoted}`] : ['0', '']
  const conditions = ['hashed.once_hash IS NOT NULL', `(${guard.where ?? 'true'})`, ...matches]
  return sql`
  SELECT encode(once_hash, 'hex') AS hash, ${sql.raw(jsonKey(inspection))}::text AS key,
    once_wrong AS fault, found.rows::text AS rows
  FROM (${hashed}) AS hashed ${sql.raw(`CROSS JOIN LATERAL (
    SELECT json_build_object('rows', count(*), 'excess', count(*) FILTER (WHERE once_rank > 1),
      'keeper', json_agg(once_id) FILTER (WHERE once_rank = 1 AND once_nth = 1) -> 0,
      'others', coalesce(json_agg(once_id ORDER BY once_nth)
        FILTER (WHERE once_rank > 1 AND once_nth <= ${NAMED}), '[]'),
      'first', coalesce(json_agg(json_build_object('id', once_id, 'keeper', once_rank = 1)
        ORDER BY once_place) FILTER (WHERE once_place <= ${FIRST}), '[]')) AS rows
    FROM (SELECT *, row_number() OVER (ORDER BY once_copy, once_rank) AS once_place,
        row_number() OVER (PARTITION BY once_rank > 1 ORDER BY once_copy, once_rank) AS once_nth
      FROM (SELECT json_build_object(${id.join(', ')}) AS once_id, ${copy} AS once_copy,
          row_number() OVER (${apart} ORDER BY ${keep.join(', ')}) AS once_rank
        FROM ${table.quoted} WHERE ${conditions.join(' AND ')}) AS once_ranked) AS once_placed)
    AS found`)}`
}

/**
 * When a run of work began, as seconds since 1970. That of rows is written down by the statement
 * that makes them, which may have waited for others first.
 */
export const selectRunStart = (run: string): Sql => sql`
  SELECT extract(epoch FROM started_at)::float8::text AS started
  FROM onceover.run WHERE id = ${run}::uuid AND lease_id IS NOT NULL`
