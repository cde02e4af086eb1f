import { EVENT_ORDER, eventsWithKeys, olderThan } from '../../audit/events/queries.ts'
import { byTime, isoMoment, type PageSearch } from '../../audit/page/queries.ts'
import { LOOK } from '../../audit/page.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

/** Where to look for the events of a key. */
export interface KeyEventSearch {
  readonly guard: string
  /** The canonical key as a JSON array. */
  readonly key: string
  /** Only those of a run. */
  readonly run?: string | undefined
  /** Only those within an hour of a moment, in seconds since 1970. */
  readonly near?: number | undefined
  /** The moment and the id of the event after which to go on. */
  readonly after?: readonly string[] | undefined
  readonly limit: number
}

const NEAR_S = 3600

// As PostgreSQL writes an array, or as this process does: the text of most events has neither.
const mentions = (key: string): Sql => {
  const compact = JSON.stringify(JSON.parse(key))
  return sql`(strpos(keys::text, (${key}::text::jsonb)::text) > 0
    OR strpos(keys::text, ${compact}::text) > 0)`
}

/** How to look for what the audit says of one key, newest first. */
export function searchKeyEvents(wanted: KeyEventSearch): PageSearch {
  const { guard, key, run, near, after, limit } = wanted
  const one = sql`json_array_elements(keys) WITH ORDINALITY AS one(value, place)
    WHERE one.value::jsonb = ${key}::text::jsonb`
  const order = byTime('at', false)
  const inside = [
    run === undefined ? sql`guard = ${guard}::text` : sql`run_id = ${run}::uuid`,
    ...(near === undefined
      ? []
      : [
          sql`at BETWEEN to_timestamp(${near - NEAR_S}::float8)
            AND to_timestamp(${near + NEAR_S}::float8)`,
        ]),
    ...olderThan(after, order),
  ]
  return {
    ...EVENT_ORDER,
    stream: eventsWithKeys(inside, order, LOOK),
    as: 'event',
    conditions: [sql`guard = ${guard}::text`, mentions(key), sql`EXISTS (SELECT FROM ${one})`],
    item: sql`json_build_object('event', id::text, 'verdict', verdict,
      'at', ${sql.raw(isoMoment('at'))}, 'run', run_id, 'actor', actor, 'reason', reason,
      'runReason', (SELECT run.reason FROM onceover.run WHERE run.id = event.run_id),
      'existing', (SELECT existing->((place - 1)::int) FROM ${one} LIMIT 1))`,
    look: LOOK,
    limit,
  }
}

/** The steps of a key, the first of the newest attempt first, each as the text of a JSON object. */
export const selectKeySteps = (guard: string, hash: string): Sql => sql`
  SELECT json_build_object('name', name, 'generation', generation, 'state', state, 'run', run_id,
    'calls', calls, 'reused', reused, 'asked', asked, 'answer', answer,
    'startedAt', ${sql.raw(isoMoment('started_at'))},
    'answeredAt', ${sql.raw(isoMoment('answered_at'))})::text AS step
  FROM onceover.step WHERE guard = ${guard}::text AND key_hash = decode(${hash}, 'hex')
  ORDER BY generation DESC, started_at, name LIMIT 100`

/** Who asked for the run of a claim, and who cancelled it. */
export const selectAsked = (run: string): Sql => sql`
  SELECT json_build_object('actor', actor, 'reason', reason, 'cancelledBy', cancelled_by,
    'cancelReason', cancel_reason)::text AS asked
  FROM onceover.run WHERE id = ${run}::uuid`
