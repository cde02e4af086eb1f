import { OnceoverError } from '../core/error.ts'
import { keyFilter } from '../core/key-filter.ts'
import { CURSOR, type Page, readCursor, readLimit } from '../core/page.ts'
import { type RowValues, VERDICTS, type VerdictName } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { type EventSelection, searchEvents } from './events/queries.ts'
import { type Listed, LOOK, type Looking, readPage } from './page.ts'

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
  readonly actor?: string
  /** A text that the reason has in it, whatever the case. */
  readonly reason?: string
  /** Some parts of a key: events of which one key at least has them, as PostgreSQL writes them. */
  readonly key?: RowValues
  /** The cursor of an event: read what is older. */
  readonly after?: string
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
  /** Its place in the list, as `after`. */
  readonly cursor: string
}

interface EventRow extends Omit<StoredEvent, 'keys' | 'cursor'> {
  readonly parts: readonly string[]
  readonly keys: readonly (readonly unknown[])[]
}

const asEvent = ({ parts, keys, existing, ...event }: EventRow) => ({
  ...event,
  keys: keys.map((values) =>
    Object.fromEntries(parts.map((part, place) => [part, values[place] ?? null])),
  ),
  existing,
})

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const usage = (message: string, fix: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', { message, fix, cause })

function check({ verdict, run, since, until }: EventFilter): void {
  if (verdict !== undefined && !EVENT_NAMES.includes(verdict)) {
    throw usage(
      `There is no verdict ${JSON.stringify(verdict)}.`,
      `A verdict is one of: ${EVENT_NAMES.join(', ')}.`,
    )
  }
  const ahead = [since, until].find((each) => /^\s*-|\bago\s*$/i.test(each ?? ''))
  if (ahead !== undefined) {
    throw usage(
      `${JSON.stringify(ahead)} would be a time to come: an interval counts back by itself.`,
      "Give '1 hour', not '1 hour ago' or '-1 hour'.",
    )
  }
  if (run !== undefined && !UUID.test(run)) {
    throw usage(`${JSON.stringify(run)} is not the id of a run.`, 'Give the UUID of a run.')
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

async function read(
  session: Session,
  filter: EventFilter,
  { after, limit, look }: Looking,
): Promise<Page<Listed<ReturnType<typeof asEvent>>>> {
  const { key, ...others } = filter
  const selection: EventSelection = {
    ...others,
    key: key === undefined ? undefined : keyFilter(key),
    after: readCursor('event', [CURSOR.moment, CURSOR.number], after),
    limit,
    look,
  }
  try {
    return await readPage(session, 'event', searchEvents(selection), asEvent)
  } catch (error) {
    throw explain(error, filter, session.target)
  }
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
  const limit = readLimit(filter.limit, DEFAULT_LIMIT)
  return (await read(session, filter, { after: filter.after, limit })).items
}

const DEFAULT_PAGE = 100

/**
 * Reads a page of the audit: looks at 500 events at most where a filter has no index, and at
 * fewer where their keys are read.
 *
 * @throws OnceoverError as `events`
 */
export async function eventPage(
  session: Session,
  filter: EventFilter = {},
): Promise<Page<StoredEvent>> {
  check(filter)
  const limit = readLimit(filter.limit, DEFAULT_PAGE)
  return read(session, filter, { after: filter.after, limit, look: LOOK })
}
