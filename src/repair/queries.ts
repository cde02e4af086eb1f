import { type Sql, sql } from '../postgres/sql.ts'

/** Opens a repair and answers with its number. */
export const insertRepair = (
  guard: string,
  table: string,
  family: string,
  reason: string | null,
  actor: string | null,
): Sql => sql`
  INSERT INTO onceover.repair (guard, table_name, plan, family, reason, actor)
  VALUES (${guard}, ${table}, '{}', ${family}, ${reason}, ${actor})
  RETURNING id::text AS id, to_json(planned_at AT TIME ZONE 'UTC') #>> '{}' || 'Z' AS at`

/** Keeps the plan with its repair. */
export const storePlan = (repair: string, plan: string): Sql => sql`
  UPDATE onceover.repair SET plan = ${plan} WHERE id = ${repair}::bigint`

/** The name of this database, and whether the role may ask which cluster it is in. */
export const selectDatabase = (): Sql => sql`
  SELECT current_database() AS name,
    has_function_privilege('pg_control_system()', 'EXECUTE') AS may_ask`

/** The identity of the cluster. Whether a role may call it is checked before any condition. */
export const selectCluster = (): Sql =>
  sql`SELECT system_identifier::text AS cluster FROM pg_control_system()`

const utc = (column: string): Sql =>
  sql.raw(`(to_json(${column} AT TIME ZONE 'UTC') #>> '{}') || 'Z'`)

const described = sql`
  SELECT json_build_object('id', id::text, 'guard', guard, 'table', table_name, 'state', state,
    'plan', plan, 'family', family, 'nextSeq', next_seq::text, 'batches', batches,
    'removed', removed, 'changed', changed, 'skipped', skipped, 'moved', moved,
    'dropped', dropped, 'reason', reason, 'actor', actor, 'plannedAt', ${utc('planned_at')},
    'appliedAt', ${utc('applied_at')}, 'appliedBy', applied_by,
    'undoneAt', ${utc('undone_at')}, 'undoneBy', undone_by)::text AS repair
  FROM onceover.repair`

/** One repair, as JSON. */
export const selectRepair = (id: string): Sql => sql`${described} WHERE id = ${id}::bigint`

/** Which repairs to list; null and undefined are all. */
export interface RepairSelection {
  readonly id: string | undefined
  readonly guard: string | undefined
  readonly state: string | undefined
  /** Those with a lower number. */
  readonly before: string | null
}

/** Repairs, newest first, each as JSON. */
export const selectRepairs = (wanted: RepairSelection, limit: number): Sql => {
  const { id = null, guard = null, state = null, before } = wanted
  return sql`${described}
  WHERE (${id}::text IS NULL OR id::text = ${id})
    AND (${guard}::text IS NULL OR guard = ${guard})
    AND (${state}::text IS NULL OR state = ${state})
    AND (${before}::bigint IS NULL OR id < ${before}::bigint)
  ORDER BY id DESC LIMIT ${limit}::int`
}

/**
 * Takes the turn on a repair until the connection ends, which it does not for being idle meanwhile;
 * false where somebody else has it.
 */
export const tryTurn = (id: string): Sql => sql`
  SELECT pg_try_advisory_lock(hashtextextended('onceover.repair ' || ${id}::text, 0)) AS taken,
    set_config('idle_session_timeout', '0', false)`

/** Who has the turn on a repair; a role without privileges does not see the user. */
export const selectTurnHolder = (id: string): Sql => sql`
  SELECT l.pid, a.usename::text AS "user"
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::int8 << 32) | l.objid::int8
      = hashtextextended('onceover.repair ' || ${id}::text, 0)`

/** Keeps a repair from being gone on with until the transaction ends. */
export const lockRepair = (id: string): Sql =>
  sql`SELECT FROM onceover.repair WHERE id::text = ${id} FOR UPDATE`

/** Says that a plan is being applied; no row where it was applied or undone meanwhile. */
export const startRepair = (id: string, actor: string | null): Sql => sql`
  UPDATE onceover.repair SET state = 'applying', applied_by = coalesce(${actor}, applied_by)
  WHERE id = ${id}::bigint AND state IN ('planned', 'applying') RETURNING id`

/** Says that a plan is applied. */
export const finishRepair = (id: string): Sql => sql`
  UPDATE onceover.repair SET state = 'applied', applied_at = clock_timestamp()
  WHERE id = ${id}::bigint AND state = 'applying'`

/** Says that a repair is undone; no row where it was undone meanwhile. */
export const finishUndo = (id: string, actor: string | null): Sql => sql`
  UPDATE onceover.repair SET state = 'undone', undone_at = clock_timestamp(), undone_by = ${actor}
  WHERE id = ${id}::bigint AND state IN ('applying', 'applied') RETURNING id`

/** Whether the tables of repairs are there. */
export const selectRepairsThere = (): Sql =>
  sql`SELECT to_regclass('onceover.repair') IS NOT NULL AS there`
