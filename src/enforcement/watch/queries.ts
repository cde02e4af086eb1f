import { type Sql, sql } from '../../postgres/sql.ts'

const QUERY_CHARS = 200

const blockers = (pids: Sql): Sql => sql`
  SELECT a.pid, a.usename::text AS "user", nullif(a.application_name, '') AS application, a.state,
    to_char(coalesce(a.xact_start, a.query_start) AT TIME ZONE 'UTC',
      'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS since,
    nullif(left(regexp_replace(a.query, '\\s+', ' ', 'g'), ${QUERY_CHARS}), '') AS query
  FROM pg_stat_activity a WHERE a.pid IN (${pids}) AND a.pid <> pg_backend_pid() ORDER BY a.pid`

/** Who holds a lock on tables, as blockers; those who only read are in the way of few. */
export const selectLockHolders = (oids: readonly string[], readers: boolean): Sql =>
  blockers(sql`SELECT l.pid FROM pg_locks l WHERE l.locktype = 'relation' AND l.granted
    AND l.relation IN (SELECT value::int8::oid
      FROM json_array_elements_text(${JSON.stringify(oids)}::json))
    AND (${readers} OR l.mode <> 'AccessShareLock')`)

/** Who a backend waits for, as blockers. */
export const selectBlockers = (pid: number): Sql =>
  blockers(sql`SELECT unnest(pg_blocking_pids(${pid}::int))`)

/** These sessions, as blockers. */
export const selectSessions = (pids: readonly number[]): Sql =>
  blockers(sql`SELECT value::int FROM json_array_elements_text(${JSON.stringify(pids)}::json)`)

/** How far the index is that a backend builds. No row before it has begun. */
export const selectProgress = (pid: number): Sql => sql`
  SELECT phase, blocks_done::text AS done, blocks_total::text AS total
  FROM pg_stat_progress_create_index WHERE pid = ${pid}::int`
