import { type Sql, sql } from '../../postgres/sql.ts'

/** What was known of the ledger at the last look. */
export interface Known {
  /** The newest event. */
  readonly event: string
  /** Numbers below it that no event had: of a transaction that is open, or was rolled back. */
  readonly gaps: readonly string[]
  /** Runs that were running. */
  readonly running: readonly string[]
  readonly limit: number
}

const MOMENT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`

const moment = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', ${MOMENT})`

/** The number of the newest event, 0 where there is none. */
export const selectHead = (): Sql =>
  sql`SELECT coalesce(max(id), 0)::text AS event FROM onceover.event`

/** How many of the newest repairs are looked at. */
const REPAIRS = 50

/**
 * What changed since the last look: events that are new, the runs that they belong to with those
 * that run or ran, and the newest repairs; as one JSON text. Each is found by an index.
 */
export const selectChanges = ({ event, gaps, running, limit }: Known): Sql => sql`
  WITH fresh AS MATERIALIZED (
    (SELECT id, at, guard, verdict, reason, actor, run_id, json_array_length(keys) AS keys
    FROM onceover.event WHERE id > ${event}::text::bigint ORDER BY id LIMIT ${limit})
    UNION ALL
    SELECT id, at, guard, verdict, reason, actor, run_id, json_array_length(keys)
    FROM onceover.event WHERE id = ANY(${[...gaps]}::text[]::bigint[])),
  touched AS (
    SELECT id FROM onceover.run WHERE state = 'running'
    UNION SELECT run_id FROM fresh
    UNION SELECT unnest(${[...running]}::text[]::uuid[]))
  SELECT json_build_object(
    'events', (SELECT coalesce(json_agg(json_build_object('id', id::text,
        'at', ${sql.raw(moment('at'))}, 'guard', guard, 'verdict', verdict, 'reason', reason,
        'actor', actor, 'run', run_id, 'keys', keys) ORDER BY id), '[]') FROM fresh),
    'runs', (SELECT coalesce(json_agg(json_build_object('id', run.id, 'guard', guard,
        'state', CASE WHEN state = 'running' AND NOT EXISTS (SELECT FROM onceover.lease
          WHERE lease.id = run.lease_id AND NOT dead AND expires_at > statement_timestamp())
          THEN 'crashed' ELSE state END)), '[]')
      FROM onceover.run JOIN touched ON touched.id = run.id),
    'repairs', (SELECT coalesce(json_agg(json_build_object('id', id::text, 'guard', guard,
        'state', state, 'removed', removed, 'changed', changed, 'skipped', skipped)), '[]')
      FROM (SELECT * FROM onceover.repair ORDER BY id DESC LIMIT ${REPAIRS}) AS newest))::text
    AS changes`
