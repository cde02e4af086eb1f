import {
  allOf,
  byTime,
  contains,
  isoMoment,
  type PageSearch,
  within,
} from '../../audit/page/queries.ts'
import { VERDICTS } from '../../core/verdict.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

/** Which runs to read. */
export interface RunSelection {
  readonly guard?: string | undefined
  /** As they are shown: a crashed run is stored as running. */
  readonly states: readonly string[] | undefined
  readonly actor?: string | undefined
  readonly reason?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** The moment and the id of the run after which to go on. */
  readonly after: readonly string[] | undefined
  readonly limit: number
  /** How many runs are looked at where a filter has no index; else all. */
  readonly look?: number | undefined
}

const KEPT = VERDICTS.map((name) => `'${name}', ${name}`).join(', ')

// A run still running has no totals yet: its events do.
const TOTALS = `CASE WHEN run.lease_id IS NULL OR finished_at IS NOT NULL
    THEN json_build_object(${KEPT})
    ELSE coalesce((SELECT json_object_agg(verdict, units) FROM (
      SELECT verdict, sum(json_array_length(keys)) AS units FROM onceover.event
      WHERE event.run_id = run.id AND verdict <> 'taken_over' GROUP BY verdict) AS counted),
      '{}') END`

// One whose lease is dead has crashed.
const STATE = `CASE WHEN run.state = 'running' AND NOT EXISTS (SELECT FROM onceover.lease
      WHERE lease.id = run.lease_id AND NOT dead AND expires_at > statement_timestamp())
    THEN 'crashed' ELSE run.state END`

const RUN = `json_build_object('id', id, 'guard', guard, 'policy', policy, 'state', ${STATE},
    'reason', reason, 'actor', actor, 'cancelReason', cancel_reason, 'cancelledBy', cancelled_by,
    'range', range, 'worker', (SELECT worker FROM onceover.lease WHERE lease.id = run.lease_id),
    'startedAt', ${isoMoment('started_at')}, 'finishedAt',
    ${isoMoment('coalesce(finished_at, CASE WHEN lease_id IS NULL THEN updated_at END)')},
    'totals', ${TOTALS})`

const is = (column: string, value: string): Sql => sql`${sql.raw(column)} = ${value}::text`

// What one index serves, and what is held against each row.
function split({ guard, actor, states, reason }: RunSelection): {
  readonly served: readonly Sql[]
  readonly conditions: readonly Sql[]
} {
  const stored = [...new Set(states?.map((each) => (each === 'crashed' ? 'running' : each)))]
  const [one] = stored.length === 1 ? stored : []
  const byState = one !== undefined && (guard === undefined || one === 'running')
  const byActor = guard === undefined && !byState
  const sought = actor === undefined ? [] : [is('actor', actor)]
  const shown = sql`${sql.raw(STATE)} = ANY(${states === undefined ? [] : [...states]}::text[])`
  // The word itself, not a parameter: only so does the partial index of running runs serve it.
  const inState = one === 'running' ? [sql`state = 'running'`] : [is('state', one ?? '')]
  return {
    served: [
      ...(guard === undefined ? [] : [is('guard', guard)]),
      ...(byState ? inState : []),
      ...(byActor ? sought : []),
    ],
    conditions: [
      ...(states === undefined || (byState && one !== 'running') ? [] : [shown]),
      ...(byActor ? [] : sought),
      ...(reason === undefined ? [] : [contains('reason', reason)]),
    ],
  }
}

/** How to look for a page of runs, newest first. */
export function searchRuns(wanted: RunSelection): PageSearch {
  const { since, until, after, limit } = wanted
  const { served, conditions: sought } = split(wanted)
  const whole = wanted.look === undefined
  const conditions = whole ? [] : sought
  const { moment, of } = byTime('started_at', served.length === 0)
  const [at, id] = after ?? []
  const older =
    at === undefined || id === undefined
      ? []
      : [sql`(${sql.raw(moment)}, id) < (${of(sql`${at}::timestamptz`)}, ${id}::uuid)`]
  const inside = [
    ...served,
    ...within({ moment, of }, since, until),
    ...older,
    ...(whole ? sought : []),
  ]
  const look = conditions.length === 0 ? limit + 1 : Math.max(wanted.look ?? 0, limit + 1)
  return {
    stream: sql`SELECT *, false AS once_far FROM onceover.run WHERE ${allOf(inside)}
      ORDER BY ${sql.raw(moment)} DESC, id DESC LIMIT ${look}`,
    as: 'run',
    conditions,
    item: sql.raw(RUN),
    cursor: [isoMoment('started_at'), 'id::text'],
    oldest: 'started_at, id',
    newest: 'started_at DESC, id DESC',
    look,
    limit,
  }
}

/** One run, as the text of a JSON object. */
export const selectRun = (id: string): Sql => sql`
  SELECT ${sql.raw(RUN)}::text AS run FROM onceover.run WHERE id = ${id}::uuid`

/** How many of a run's claims, the newest, are looked at for what it holds. */
const HELD_AMONG = 10_000

/** What a run holds now, and what its external calls came to. */
export const selectRunFacts = (id: string): Sql => sql`
  SELECT (SELECT count(*) FILTER (WHERE state = 'claimed') FROM (
      SELECT state FROM onceover.claim WHERE run_id = ${id}::uuid AND unmade = ''
      ORDER BY claimed_at DESC LIMIT ${HELD_AMONG}) AS newest)::text AS in_flight,
    coalesce(sum(calls), 0)::text AS calls, coalesce(sum(reused), 0)::text AS reused,
    coalesce(sum(asked), 0)::text AS asked,
    count(*) FILTER (WHERE state = 'needs_reconcile')::text AS parked
  FROM onceover.step WHERE run_id = ${id}::uuid`
