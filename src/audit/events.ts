import { OnceoverError } from '../core/error.ts'
import { type RowValues, VERDICTS, type VerdictName } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { selectEvents } from './queries.ts'

const DEFAULT_LIMIT = 1000

/** What an event says of its keys: a verdict, or that they were taken over from a dead worker. */
export type EventName = VerdictName | 'taken_over'

const EVENT_NAMES: readonly EventName[] = [...VERDICTS, 'taken_over']

/** Which events to read; every field narrows. */
export interface EventFilter {
  readonly guard?: string
  readonly verdict?: EventName
  /** How long ago, by the database's clock (`1d`, `2 hours 30 min`), or a moment in ISO form. */
  readonly since?: string
  /** The end, likewise. */
  readonly until?: string
  /** Id of a run. */
  readonly run?: string
  /** How many at most, the newest. Default 1000. */
  readonly limit?: number
}

/** One line of the audit: the rows of one chunk that got the same verdict for the same reason. */
export interface StoredEvent {
  readonly id: string
  /** When, in ISO form, UTC, with microseconds. */
  readonly at: string
  readonly run: string
  readonly guard: string
  readonly verdict: EventName
  readonly reason: string | null
  readonly actor: string | null
  /** The canonical key of each row, by part. */
  readonly keys: readonly RowValues[]
  /** The primary key, by column, of the row that each row met; null where none of them met one. */
  readonly existing: readonly (RowValues | null)[] | null
}

interface EventRow extends Omit<StoredEvent, 'keys'> {
  readonly parts: readonly string[]
  readonly keys: readonly (readonly unknown[])[]
}

const asEvent = ({ parts, keys, existing, ...event }: EventRow): StoredEvent => ({
  ...event,
  keys: keys.map((values) =>
    Object.fromEntries(parts.map((part, place) => [part, values[place] ?? null])),
  ),
  existing,
})

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const usage = (message: string, fix: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', { message, fix, cause })

function check(filter: EventFilter): void {
  const { verdict, run, limit } = filter
  if (verdict !== undefined && !EVENT_NAMES.includes(verdict)) {
    throw usage(
      `There is no verdict ${JSON.stringify(verdict)}.`,
      `A verdict is one of: ${EVENT_NAMES.join(', ')}.`,
    )
  }
  const ahead = [filter.since, filter.until].find((each) => /^\s*-|\bago\s*$/i.test(each ?? ''))
  if (ahead !== undefined) {
    throw usage(
      `${JSON.stringify(ahead)} would be a time to come: an interval counts back by itself.`,
      "Give '1 hour', not '1 hour ago' or '-1 hour'.",
    )
  }
  if (run !== undefined && !UUID.test(run)) {
    throw usage(`${JSON.stringify(run)} is not the id of a run.`, 'Give the UUID of a run.')
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw usage(`The limit ${limit} is not a whole number from 0 on.`, 'Give a number of events.')
  }
}

function explain(error: unknown, { since, until }: EventFilter, target: string): unknown {
  const state = sqlstate(error)
  if (state === SQLSTATE.undefinedTable) {
    return new OnceoverError('NOT_MIGRATED', {
      message: `${target} has no schema onceover, so no events were recorded.`,
      details: { target },
      cause: error,
    })
  }
  const given = [since, until].filter((each) => each !== undefined).map((each) => `"${each}"`)
  if (given.length === 0 || !state?.startsWith('22')) return error
  return usage(
    `PostgreSQL cannot read the time span ${given.join(' to ')}.`,
    "Give an interval such as 1d, 12h or '2 weeks', or a moment such as 2025-10-23T20:00Z.",
    error,
  )
}

/**
 * Reads the audit, newest first.
 *
 * @throws OnceoverError NOT_MIGRATED where our schema is missing, USAGE for a filter that means
 * nothing
 */
export async function events(
  session: Session,
  filter: EventFilter = {},
): Promise<readonly StoredEvent[]> {
  check(filter)
  try {
    const rows = await session.query<{ event: string }>(
      selectEvents({ ...filter, limit: filter.limit ?? DEFAULT_LIMIT }),
    )
    return rows.map(({ event }) => asEvent(JSON.parse(event)))
  } catch (error) {
    throw explain(error, filter, session.target)
  }
}
