import { quoteLiteral } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** A claim as a statement finds it: by its key, and by nobody but the worker that holds it. */
export interface Held {
  readonly guard: string
  /** SHA-256 of the key, in hex. */
  readonly hash: string
  readonly fence: bigint
  readonly lease: string
}

/** What an event of claims says besides their keys. */
export interface ClaimAudit {
  readonly run: string
  readonly guard: string
  readonly parts: readonly string[]
  readonly reason: string | undefined
  readonly actor: string | undefined
}

/** The hash of a key, in hex, as the text of a bytea. */
export const bytes = (hash: string): string => `\\x${hash}`

const partsOf = ({ parts }: ClaimAudit): Sql =>
  sql.raw(`ARRAY[${parts.map(quoteLiteral).join(', ')}]::text[]`)

/** Whether a row of onceover.claim is the one that its worker holds. */
export const held = ({ guard, hash, fence, lease }: Held): Sql => sql`
  guard = ${guard}::text AND key_hash = ${bytes(hash)}::bytea AND state = 'claimed'
    AND lease_id = ${lease}::uuid AND fence = ${String(fence)}::bigint`

const transactionAndIdle = (idleMs: number): Sql => sql`
    pg_current_xact_id()::text AS transaction,
    CASE WHEN current_setting('idle_in_transaction_session_timeout') = '0' THEN
      set_config('idle_in_transaction_session_timeout', ${String(idleMs)}::text, true) END AS idle`

const LOCKED = "json_build_array(encode(key_hash, 'hex'), fence::text)"

// Half the work of the other: most of it is planning, and most saves are of one unit.
const lockClaim = (guard: string, lease: string, hash: string, idleMs: number): Sql => sql`
  SELECT ${sql.raw(`json_build_array(${LOCKED})`)}::text AS locked, ${transactionAndIdle(idleMs)}
  FROM onceover.claim
  WHERE guard = ${guard}::text AND key_hash = ${bytes(hash)}::bytea AND lease_id = ${lease}::uuid
    AND state = 'claimed'
  FOR NO KEY UPDATE`

/**
 * The first statement of a save: locks the claims that one lease still holds, in one order, and
 * answers with the hash and the fence of each, and the transaction's id. A claim that was taken
 * over or cancelled is missing. Nothing tests here whether the lease has expired: while nobody took
 * over, late is not wrong.
 *
 * @param idleMs how long the transaction may wait for its client before the server ends it
 */
export const lockClaims = (
  guard: string,
  lease: string,
  hashes: readonly string[],
  idleMs: number,
): Sql => {
  const [hash, ...others] = hashes
  if (hash !== undefined && others.length === 0) return lockClaim(guard, lease, hash, idleMs)
  return sql`
  WITH locked AS MATERIALIZED (
    SELECT key_hash, fence FROM onceover.claim
    WHERE guard = ${guard}::text AND key_hash = ANY(${hashes.map(bytes)}::bytea[])
      AND lease_id = ${lease}::uuid AND state = 'claimed'
    ORDER BY key_hash FOR NO KEY UPDATE)
  SELECT ${sql.raw(`json_agg(${LOCKED})`)}::text AS locked, ${transactionAndIdle(idleMs)}
  FROM locked`
}

/**
 * The last statement of a save: its claims are done. Answers with how many were, which is all of
 * them or the transaction must not commit, and with the transaction's id.
 *
 * @param result JSON of a single unit's result
 */
export const completeClaims = (
  audit: ClaimAudit,
  lease: string,
  hashes: readonly string[],
  result: string | undefined,
): Sql => sql`
  WITH ended AS (
    UPDATE onceover.claim SET state = 'done', lease_id = NULL, done_lease_id = ${lease}::uuid,
      unit = NULL, error = NULL, retry_at = NULL, result = ${result ?? null}::text::json,
      ended_at = clock_timestamp()
    WHERE guard = ${audit.guard}::text AND key_hash = ANY(${hashes.map(bytes)}::bytea[])
      AND lease_id = ${lease}::uuid AND state = 'claimed'
    RETURNING key, replaces),
  event AS (
    INSERT INTO onceover.event (run_id, guard, verdict, reason, actor, parts, keys)
    SELECT ${audit.run}::uuid, ${audit.guard}::text,
      CASE WHEN replaces THEN 'replaced' ELSE 'created' END, ${audit.reason ?? null}::text,
      ${audit.actor ?? null}::text, ${partsOf(audit)}, json_agg(key)
    FROM ended GROUP BY replaces)
  SELECT count(*)::text AS ended, pg_current_xact_id()::text AS transaction FROM ended`

const BACKOFF_CAP_MS = 3_600_000

/** How an attempt failed. */
export interface Failure {
  readonly error: string
  /** The pause before the next attempt, doubled with each, at most an hour. */
  readonly backoffMs: number
  /** How often a unit may be tried; 1 parks it at once. */
  readonly attempts: number
}

/**
 * Ends an attempt as failed, or as exhausted where it was the last. Answers with the state, and the
 * milliseconds until the next attempt; with nothing where the claim is no longer the worker's.
 */
export const failClaim = (audit: ClaimAudit, claim: Held, failure: Failure): Sql => sql`
  WITH failed AS (
    UPDATE onceover.claim SET lease_id = NULL, error = ${failure.error}::text,
      state = CASE WHEN attempt >= ${failure.attempts}::int THEN 'exhausted' ELSE 'failed' END,
      retry_at = CASE WHEN attempt < ${failure.attempts}::int THEN clock_timestamp()
        + least(${failure.backoffMs}::float8 * 2.0 ^ least(attempt - 1, 30), ${BACKOFF_CAP_MS})
        * interval '1 ms' END,
      ended_at = clock_timestamp()
    WHERE ${held(claim)}
    RETURNING key, state, retry_at),
  event AS (
    INSERT INTO onceover.event (run_id, guard, verdict, reason, actor, parts, keys)
    SELECT ${audit.run}::uuid, ${audit.guard}::text, 'failed', ${failure.error}::text,
      ${audit.actor ?? null}::text, ${partsOf(audit)}, json_build_array(key) FROM failed)
  SELECT state,
    ceil(extract(epoch FROM retry_at - clock_timestamp()) * 1000)::bigint::text AS retry_ms
  FROM failed`

// Of the claims in the CTE `locked`, whose keys are all of one guard.
const giveBack = (guard: string, why: string): Sql => sql`
  UPDATE onceover.claim AS claim SET state = 'failed', lease_id = NULL, error = ${why}::text,
    attempt = greatest(attempt - 1, 0), retry_at = NULL, ended_at = clock_timestamp()
  FROM locked WHERE claim.guard = ${guard}::text AND claim.key_hash = locked.key_hash`

/**
 * Gives claims back that were not begun or not finished, without counting the attempt: whoever
 * comes next takes them at once. Found by their fences too: after a cancel this worker may hold the
 * same key under the same lease for another run. Answers with the hashes of what was given back.
 */
export const releaseClaims = (
  guard: string,
  lease: string,
  held: readonly Pick<Held, 'hash' | 'fence'>[],
  why: string,
): Sql => sql`
  WITH held AS (
    SELECT * FROM unnest(${held.map(({ hash }) => bytes(hash))}::bytea[],
      ${held.map(({ fence }) => String(fence))}::bigint[]) AS held(hash, fence)),
  locked AS (
    SELECT key_hash FROM onceover.claim JOIN held ON key_hash = hash AND claim.fence = held.fence
    WHERE guard = ${guard}::text AND key_hash = ANY(${held.map(({ hash }) => bytes(hash))}::bytea[])
      AND lease_id = ${lease}::uuid AND state = 'claimed'
    ORDER BY key_hash FOR NO KEY UPDATE OF claim)
  ${giveBack(guard, why)}
  RETURNING encode(claim.key_hash, 'hex') AS hash`

/** Gives back whatever a run was given by some claim statements and has not ended. */
export const releaseGrants = (
  { guard, run, lease }: { readonly guard: string; readonly run: string; readonly lease: string },
  grants: readonly string[],
  why: string,
): Sql => sql`
  WITH locked AS (
    SELECT key_hash FROM onceover.claim
    WHERE run_id = ${run}::uuid AND guard = ${guard}::text AND lease_id = ${lease}::uuid
      AND state = 'claimed' AND grant_id = ANY(${grants}::uuid[])
    ORDER BY key_hash FOR NO KEY UPDATE)
  ${giveBack(guard, why)}`

/**
 * What became of claims whose COMMIT was not answered, or that somebody else ended. Each is locked:
 * a plain read can lie while a COMMIT waits for a standby.
 */
export const probeClaims = (guard: string, hashes: readonly string[]): Sql => sql`
  SELECT encode(key_hash, 'hex') AS hash, state, fence::text AS fence, lease_id AS lease,
    done_lease_id AS done_lease, error
  FROM onceover.claim
  WHERE guard = ${guard}::text AND key_hash = ANY(${hashes.map(bytes)}::bytea[])
  ORDER BY key_hash FOR NO KEY UPDATE`
