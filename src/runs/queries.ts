import { groupOutcomes, recordEvents } from '../audit/queries.ts'
import type { ClaimAudit } from '../claims/queries.ts'
import { VERDICTS } from '../core/verdict.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** A run of work as it begins. */
export interface OpenedRun {
  readonly id: string
  readonly guard: string
  readonly policy: string
  readonly reason: string | undefined
  readonly actor: string | undefined
  readonly lease: string
  /** JSON of the range, where the units come from `expected`. */
  readonly range: string | undefined
  /** JSON of the only keys of it that are made. */
  readonly only?: string | undefined
}

/**
 * Opens a run. Sent again after a lost answer it changes nothing. The column of only keys is named
 * where there are some: a schema that is a migration behind does for all other runs.
 */
export const openRun = (opened: OpenedRun): Sql => sql`
  INSERT INTO onceover.run (id, guard, policy, reason, actor, state, lease_id, range
    ${opened.only === undefined ? sql`` : sql`, only_keys`})
  VALUES (${opened.id}::uuid, ${opened.guard}::text, ${opened.policy}::text,
    ${opened.reason ?? null}::text, ${opened.actor ?? null}::text, 'running',
    ${opened.lease}::uuid, ${opened.range ?? null}::text::json
    ${opened.only === undefined ? sql`` : sql`, ${opened.only}::text::json`})
  ON CONFLICT (id) DO NOTHING`

/**
 * Goes on with a run under another lease: one that crashed or stopped, and is no longer run by a
 * worker that lives. Answers with its guard, and with its policy, reason, actor, range and keys
 * where it is this guard's and was reopened; with nothing where there is no such run.
 */
export const reopenRun = (id: string, guard: string, lease: string): Sql => sql`
  WITH reopened AS (
    UPDATE onceover.run SET state = 'running', lease_id = ${lease}::uuid, finished_at = NULL,
      updated_at = clock_timestamp()
    WHERE id = ${id}::uuid AND guard = ${guard}::text AND state <> 'cancelled'
      AND (state <> 'running' OR NOT EXISTS (SELECT FROM onceover.lease
        WHERE lease.id = run.lease_id AND lease.id <> ${lease}::uuid AND NOT dead
          AND expires_at > statement_timestamp()))
    RETURNING policy, reason, actor, range::text AS range,
      to_jsonb(run)->>'only_keys' AS only)
  SELECT run.guard, reopened.* FROM onceover.run LEFT JOIN reopened ON true
  WHERE run.id = ${id}::uuid`

/**
 * Writes the lease of a run down anew, where its worker lost the one before. Answers with nothing
 * where the run is no longer its own: another worker went on with it, or it was ended.
 */
export const renewRun = (id: string, before: string, lease: string): Sql => sql`
  UPDATE onceover.run SET lease_id = ${lease}::uuid
  WHERE id = ${id}::uuid AND state = 'running' AND lease_id = ${before}::uuid
  RETURNING id`

const counted = (name: string): string =>
  `coalesce(sum(json_array_length(keys)) FILTER (WHERE verdict = '${name}'), 0)`

// What the events say is what was committed; a worker's own count dies with it.
const countEvents = (id: Sql): Sql => sql`
  SELECT ${sql.raw(VERDICTS.map((name) => `${counted(name)} AS ${name}`).join(', '))}
  FROM onceover.event WHERE run_id = ${id}`

/**
 * Ends a run that is still running under a lease, with the totals of its events; answers with its
 * state. One that another worker goes on with stays as it is, but for the totals.
 */
export const finishRun = (id: string, lease: string, state: 'done' | 'stopped'): Sql => sql`
  WITH ended AS (
    UPDATE onceover.run SET
      (${sql.raw(VERDICTS.join(', '))}) = (${countEvents(sql`${id}::uuid`)}),
      state = CASE WHEN state = 'running' AND lease_id = ${lease}::uuid
        THEN ${state}::text ELSE state END,
      finished_at = CASE WHEN state = 'running' AND lease_id <> ${lease}::uuid
        THEN finished_at ELSE coalesce(finished_at, clock_timestamp()) END,
      updated_at = clock_timestamp()
    WHERE id = ${id}::uuid RETURNING state)
  SELECT state FROM ended`

/** Locks a run to cancel it; answers with its state, or with nothing where there is none. */
export const lockRun = (id: string): Sql => sql`
  SELECT state, guard FROM onceover.run WHERE id = ${id}::uuid FOR UPDATE`

/** Marks a run cancelled, with who asked and why, and the totals of its events. */
export const cancelRun = (id: string, reason: string | undefined, actor: string | undefined) => sql`
  UPDATE onceover.run SET (${sql.raw(VERDICTS.join(', '))}) = (${countEvents(sql`${id}::uuid`)}),
    state = 'cancelled', cancel_reason = ${reason ?? null}::text,
    cancelled_by = ${actor ?? null}::text, finished_at = clock_timestamp(),
    updated_at = clock_timestamp()
  WHERE id = ${id}::uuid`

/**
 * Cancels what a run still holds or has failed at, in the order of the keys; their keys are free.
 * What is done stays done: whoever locked a claim first has decided.
 */
export const cancelClaims = (id: string, reason: string | undefined, actor: string | undefined) =>
  sql`
  WITH locked AS MATERIALIZED (
    SELECT guard, key_hash FROM onceover.claim
    WHERE run_id = ${id}::uuid AND state IN ('claimed', 'failed', 'exhausted')
    ORDER BY guard, key_hash FOR NO KEY UPDATE),
  cancelled AS (
    UPDATE onceover.claim AS claim SET state = 'cancelled', lease_id = NULL, retry_at = NULL,
      error = ${reason ?? 'cancelled'}::text, fence = fence + 1, ended_at = clock_timestamp()
    FROM locked WHERE claim.guard = locked.guard AND claim.key_hash = locked.key_hash
      AND claim.state IN ('claimed', 'failed', 'exhausted')
    RETURNING claim.guard, claim.key),
  named AS (
    SELECT cancelled.*, row_number() OVER () AS place, guard.key AS declared
    FROM cancelled LEFT JOIN onceover.guard ON guard.name = cancelled.guard),
  event AS (
    INSERT INTO onceover.event (run_id, guard, verdict, reason, actor, parts, keys)
    SELECT ${id}::uuid, named.guard, 'cancelled', ${reason ?? null}::text,
      ${actor ?? null}::text,
      ARRAY(SELECT part->>0 FROM json_array_elements(min(declared::text)::json->'parts') AS part),
      json_agg(named.key)
    FROM named GROUP BY named.guard, (place - 1) / 1000)
  SELECT count(*)::text AS claims FROM cancelled`

/** Records units that were refused before they were sent. */
export const recordUnits = (audit: ClaimAudit, json: string): Sql => sql`
  WITH outcome AS (
    SELECT *, false AS met, NULL::json AS found_id FROM json_to_recordset(${json}::text::json)
      AS fields(ord int, verdict text, reason text, key json)),
  ${groupOutcomes()}, ${recordEvents(audit)}
  SELECT count(*)::text AS recorded FROM outcome`

/** Which units of the ledger are tried again. */
export interface Leftover {
  readonly guard: string
  readonly run: string | undefined
  readonly states: readonly string[]
  /** Hashes, in hex; undefined for all. */
  readonly only: readonly string[] | undefined
  /** The hash, in hex, after which to go on; empty from the start. */
  readonly after: string
  readonly limit: number
}

const amongHashes = (only: readonly string[] | undefined): Sql =>
  only === undefined
    ? sql``
    : sql`AND key_hash IN (SELECT DISTINCT decode(hash, 'hex')
        FROM json_array_elements_text(${JSON.stringify(only)}::text::json) AS hash)`

/** Units of claims that are not done, a page at a time in the order of their hashes. */
export const selectLeftovers = ({ guard, run, states, only, after, limit }: Leftover) => sql`
  SELECT encode(key_hash, 'hex') AS hash, unit::text AS unit FROM onceover.claim
  WHERE guard = ${guard}::text AND key_hash > ${`\\x${after}`}::bytea
    AND state = ANY(${states}::text[]) AND unit IS NOT NULL
    ${run === undefined ? sql`` : sql`AND run_id = ${run}::uuid`} ${amongHashes(only)}
  ORDER BY key_hash LIMIT ${limit}`

/** Opens failed and exhausted claims for the next attempt, as if there had been none. */
export const reopenClaims = ({ guard, run, only }: Pick<Leftover, 'guard' | 'run' | 'only'>) => sql`
  WITH locked AS MATERIALIZED (
    SELECT key_hash FROM onceover.claim
    WHERE guard = ${guard}::text AND state IN ('failed', 'exhausted')
      ${run === undefined ? sql`` : sql`AND run_id = ${run}::uuid`} ${amongHashes(only)}
    ORDER BY key_hash FOR NO KEY UPDATE)
  UPDATE onceover.claim AS claim SET state = 'failed', attempt = 0, retry_at = NULL
  FROM locked WHERE claim.guard = ${guard}::text AND claim.key_hash = locked.key_hash
    AND claim.state IN ('failed', 'exhausted')`
