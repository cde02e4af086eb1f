import { VERDICTS } from '../../core/verdict.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

const moment = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

const DATED = /^\s*\d{4}-\d{2}/

const since = (text: string | undefined): Sql => {
  if (text === undefined) return sql`true`
  return DATED.test(text)
    ? sql`started_at >= ${text}::timestamptz`
    : sql`started_at >= statement_timestamp() - ${text}::interval`
}

const equals = (name: string, value: string | undefined, type: string): Sql =>
  value === undefined ? sql`true` : sql`${sql.identifier(name)} = ${value}::${sql.raw(type)}`

/** Which runs `selectRuns` reads. */
export interface RunSelection {
  readonly id?: string
  readonly guard?: string
  readonly state?: string
  readonly since?: string
  readonly limit: number
}

// A run still running has no totals yet: its events do. One whose lease is dead has crashed.
const TOTALS = VERDICTS.map((name) => {
  const counted = `(SELECT coalesce(sum(json_array_length(keys)), 0) FROM onceover.event
      WHERE event.run_id = run.id AND event.verdict = '${name}')`
  return `'${name}', CASE WHEN run.lease_id IS NULL OR finished_at IS NOT NULL
      THEN ${name} ELSE ${counted} END`
}).join(', ')

const STATE = `CASE WHEN run.state = 'running' AND NOT EXISTS (SELECT FROM onceover.lease
      WHERE lease.id = run.lease_id AND NOT dead AND expires_at > statement_timestamp())
    THEN 'crashed' ELSE run.state END`

/** Runs, newest first, each as the text of a JSON object. */
export const selectRuns = ({ id, guard, state, since: from, limit }: RunSelection): Sql => sql`
  SELECT json_build_object('id', id, 'guard', guard, 'policy', policy, 'state', shown_state,
    'reason', reason, 'actor', actor, 'cancelReason', cancel_reason, 'cancelledBy', cancelled_by,
    'range', range, 'worker', (SELECT worker FROM onceover.lease WHERE lease.id = run.lease_id),
    'startedAt', ${sql.raw(moment('started_at'))}, 'finishedAt',
    ${sql.raw(moment('coalesce(finished_at, CASE WHEN lease_id IS NULL THEN updated_at END)'))},
    'totals', json_build_object(${sql.raw(TOTALS)}))::text AS run
  FROM (SELECT run.*, ${sql.raw(STATE)} AS shown_state FROM onceover.run) AS run
  WHERE ${equals('id', id, 'uuid')} AND ${equals('guard', guard, 'text')}
    AND ${equals('shown_state', state, 'text')} AND ${since(from)}
  ORDER BY started_at DESC, id DESC LIMIT ${limit}`

/** What a run holds now, and what its external calls came to. */
export const selectRunFacts = (id: string): Sql => sql`
  SELECT (SELECT count(*) FROM onceover.claim
      WHERE run_id = ${id}::uuid AND state = 'claimed')::text AS in_flight,
    coalesce(sum(calls), 0)::text AS calls, coalesce(sum(reused), 0)::text AS reused,
    coalesce(sum(asked), 0)::text AS asked,
    count(*) FILTER (WHERE state = 'needs_reconcile')::text AS parked
  FROM onceover.step WHERE run_id = ${id}::uuid`

/** Which claims `selectClaims` reads. */
export interface ClaimSelection {
  readonly guard?: string
  /** JSON object of some of the key's parts. */
  readonly key?: string
  readonly state?: string
  readonly run?: string
  readonly limit: number
}

// The ledger knows by place what the guard knows by name. A part that it has not is none.
const hasParts = (key: string | undefined): Sql =>
  key === undefined
    ? sql`true`
    : sql`NOT EXISTS (
      SELECT FROM jsonb_each_text(${key}::text::jsonb) AS wanted LEFT JOIN (
        SELECT part->>0 AS name, (place - 1)::int AS place FROM onceover.guard,
          json_array_elements(guard.key->'parts') WITH ORDINALITY AS parts(part, place)
        WHERE guard.name = claim.guard) AS named ON named.name = wanted.key
      WHERE claim.key->>named.place IS DISTINCT FROM wanted.value OR named.place IS NULL)`

/** Claims, the latest first, each as the text of a JSON object. */
export const selectClaims = ({ guard, key, state, run, limit }: ClaimSelection): Sql => sql`
  SELECT json_build_object('guard', claim.guard, 'parts', (SELECT json_agg(part->>0)
      FROM onceover.guard, json_array_elements(guard.key->'parts') AS part
      WHERE guard.name = claim.guard),
    'key', claim.key, 'state', claim.state, 'attempt', attempt, 'fence', fence::text,
    'origin', origin, 'run', run_id, 'worker', worker,
    'leaseUntil', ${sql.raw(moment('expires_at'))}, 'retryAt', ${sql.raw(moment('retry_at'))},
    'error', error, 'needsReconcile', (SELECT min(name) FROM onceover.step
      WHERE step.guard = claim.guard AND step.key_hash = claim.key_hash
        AND step.generation = claim.generation AND step.state = 'needs_reconcile'),
    'result', result, 'claimedAt', ${sql.raw(moment('claimed_at'))},
    'endedAt', ${sql.raw(moment('ended_at'))})::text AS claim
  FROM onceover.claim LEFT JOIN onceover.lease ON lease.id = claim.lease_id
  WHERE ${equals('guard', guard, 'text')} AND ${equals('state', state, 'text')}
    AND ${equals('run_id', run, 'uuid')} AND ${hasParts(key)}
  ORDER BY claimed_at DESC, key_hash LIMIT ${limit}`
