import { type Sql, sql } from '../../postgres/sql.ts'
import {
  allOf,
  byTime,
  contains,
  isoMoment,
  type Order,
  type PageSearch,
  within,
} from '../page/queries.ts'

/** Which events to read. */
export interface EventSelection {
  readonly guard?: string | undefined
  readonly verdict?: string | undefined
  readonly run?: string | undefined
  readonly actor?: string | undefined
  readonly reason?: string | undefined
  /** JSON object of some parts of a key. */
  readonly key?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** The moment and the id of the event after which to go on. */
  readonly after?: readonly string[] | undefined
  readonly limit: number
  /** How many events are looked at where a filter has no index; else all. */
  readonly look?: number | undefined
}

type Name = 'guard' | 'verdict' | 'run' | 'actor'

const COLUMNS: Readonly<Record<Name, Sql>> = {
  guard: sql`guard`,
  verdict: sql`verdict`,
  run: sql`run_id::text`,
  actor: sql`actor`,
}

const NAMES = ['run', 'guard', 'verdict', 'actor'] as const

// The equalities that one index serves; the others are held against each row.
function indexed({ run, guard, verdict }: EventSelection): readonly Name[] {
  if (run !== undefined) return ['run']
  if (guard !== undefined) return verdict === undefined ? ['guard'] : ['guard', 'verdict']
  return verdict === undefined ? ['actor'] : ['verdict']
}

const SERVED: Readonly<Record<Name, (value: string) => Sql>> = {
  guard: (value) => sql`guard = ${value}::text`,
  verdict: (value) => sql`verdict = ${value}::text`,
  run: (value) => sql`run_id = ${value}::uuid`,
  actor: (value) => sql`actor = ${value}::text`,
}

/** The condition that events come after a place in the list. */
export const olderThan = (after: readonly string[] | undefined, order: Order): readonly Sql[] => {
  const [at, id] = after ?? []
  if (at === undefined || id === undefined) return []
  return [
    sql`(${sql.raw(order.moment)}, id) < (${order.of(sql`${at}::timestamptz`)}, ${id}::bigint)`,
  ]
}

const newestEvents = (conditions: readonly Sql[], { moment }: Order, look: number): Sql => sql`
  SELECT *, false AS once_far FROM onceover.event WHERE ${allOf(conditions)}
  ORDER BY ${sql.raw(moment)} DESC, id DESC LIMIT ${look}`

// So many bytes of keys are read for each event that is looked at, as they are stored: a chunk has
// up to a thousand keys.
const KEY_BYTES = 200

/** Events, newest first, whose keys are read too: as many as their size allows, one at least. */
export const eventsWithKeys = (conditions: readonly Sql[], order: Order, look: number): Sql => {
  const newest = `${order.moment} DESC, id DESC`
  return sql`
  SELECT *, once_bytes > ${KEY_BYTES * look} AS once_far FROM (
    SELECT *, coalesce(sum(pg_column_size(keys)) OVER (ORDER BY ${sql.raw(newest)}
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS once_bytes
    FROM (SELECT * FROM onceover.event WHERE ${allOf(conditions)}
      ORDER BY ${sql.raw(newest)} LIMIT ${look}) AS newest) AS weighed`
}

// A value that stands in JSON as it is, and a number, which may stand there with quotes or without.
const PLAIN = "'^[ !#-\\[\\]-~]*$'"
const NUMBER = "'^-?[0-9]+$'"

// Whether the text of an event's keys tells that a value is not among them.
const lacks = `CASE jsonb_typeof(wanted.value) WHEN 'string' THEN true WHEN 'number' THEN true END
  AND CASE WHEN wanted.value #>> '{}' ~ ${NUMBER}
    THEN keys::text !~ ('[^0-9]' || (wanted.value #>> '{}') || '[^0-9]')
    WHEN wanted.value #>> '{}' ~ ${PLAIN} THEN strpos(keys::text, wanted.value #>> '{}') = 0 END`

// The condition that an event has a key with these parts. The text is searched first: to read the
// JSON of a thousand keys takes ten times as long.
const hasKeyWith = (key: string): Sql => sql`
  CASE WHEN NOT EXISTS (SELECT FROM jsonb_each(${key}::text::jsonb) AS wanted
    WHERE wanted.key <> ALL(parts) OR (${sql.raw(lacks)}))
  THEN EXISTS (SELECT FROM json_array_elements(keys) AS once_key WHERE NOT EXISTS (
    SELECT FROM jsonb_each(${key}::text::jsonb) AS wanted
    WHERE CASE WHEN jsonb_typeof(wanted.value) IN ('array', 'object')
      THEN (once_key->(array_position(parts, wanted.key) - 1))::jsonb IS DISTINCT FROM wanted.value
      ELSE once_key->>(array_position(parts, wanted.key) - 1)
        IS DISTINCT FROM wanted.value #>> '{}' END)) END`

const EVENT = `json_build_object(
    'id', id::text, 'at', ${isoMoment('at')},
    'run', run_id, 'guard', guard, 'verdict', verdict, 'reason', reason, 'actor', actor,
    'parts', parts, 'keys', keys, 'existing', existing)`

/** How events are sorted, and what their cursors hold. */
export const EVENT_ORDER = {
  cursor: [isoMoment('at'), 'id::text'],
  oldest: 'at, id',
  newest: 'at DESC, id DESC',
} as const

/** How to look for a page of events, newest first. */
export function searchEvents(wanted: EventSelection): PageSearch {
  const { reason, key, since, until, after, limit } = wanted
  const served = indexed(wanted)
  const given = NAMES.filter((name) => wanted[name] !== undefined)
  const sought = [
    ...given
      .filter((name) => !served.includes(name))
      .map((name) => sql`${COLUMNS[name]} = ${wanted[name]}::text`),
    ...(reason === undefined ? [] : [contains('reason', reason)]),
    ...(key === undefined ? [] : [hasKeyWith(key)]),
  ]
  const order = byTime(
    'at',
    served.every((name) => wanted[name] === undefined),
  )
  const whole = wanted.look === undefined
  const inside = [
    ...given
      .filter((name) => served.includes(name))
      .map((name) => SERVED[name](wanted[name] ?? '')),
    ...within(order, since, until),
    ...olderThan(after, order),
    ...(whole ? sought : []),
  ]
  const conditions = whole ? [] : sought
  const look = conditions.length === 0 ? limit + 1 : Math.max(wanted.look ?? 0, limit + 1)
  const weigh = key !== undefined && !whole
  const stream = weigh ? eventsWithKeys(inside, order, look) : newestEvents(inside, order, look)
  return { ...EVENT_ORDER, stream, as: 'event', conditions, item: sql.raw(EVENT), look, limit }
}
