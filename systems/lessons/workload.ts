import type { Handle } from 'onceover'
import { OTHER_SCHOOL, SCHOOL } from './fixture.ts'
import { attemptedKey } from './groups.ts'
import { lessons } from './guards.ts'
import { naiveGroups } from './naive.ts'
import { weekEvents } from './queries.ts'
import type { LessonRequest } from './request.ts'

const WEEK_START = '2025-09-08'
const DATES = ['2025-09-08', '2025-09-09', '2025-09-10', '2025-09-11', '2025-09-12']
const SLOTS = [
  ['08:30', '09:00'],
  ['09:30', '10:00'],
  ['10:20', '10:50'],
  ['11:00', '11:30'],
  ['12:30', '13:00'],
  ['13:15', '13:45'],
] as const

/** The providers of the demo's calendar. */
const PROVIDERS = [1, 2, 3, 4, 5, 6].map((n) => `9a000000-0000-4000-8000-0000000000a${n}`)

interface Event {
  readonly provider_id: string
  readonly school_id: string | null
  readonly event_date: string
  readonly start_time: string | null
  readonly end_time: string | null
  readonly student: string
}

function* calendar(): Generator<Event> {
  for (const [place, provider_id] of PROVIDERS.entries()) {
    for (const [day, event_date] of DATES.entries()) {
      for (const [start_time, end_time] of SLOTS) {
        // The first provider's Monday came without its school.
        const school_id = place === 0 && day === 0 ? null : SCHOOL
        const event = { provider_id, school_id, event_date, start_time, end_time }
        yield { ...event, student: 'Ada' }
        yield { ...event, student: 'Ben' }
      }
    }
  }
  const thursday = DATES[3] ?? WEEK_START
  const odd = { event_date: thursday, start_time: null, end_time: null, school_id: SCHOOL }
  // Two events of the second provider have no times: both fall back to the same made-up slot.
  yield { ...odd, provider_id: PROVIDERS[1] ?? '', student: 'Cem' }
  yield { ...odd, provider_id: PROVIDERS[1] ?? '', student: 'Dana' }
  // The third provider looks after the other school at the same hour.
  const [start_time, end_time] = SLOTS[0]
  const provider_id = PROVIDERS[2] ?? ''
  yield { ...odd, provider_id, school_id: OTHER_SCHOOL, start_time, end_time, student: 'Eli' }
}

/** Puts the providers and their calendar week in place. */
export async function plantCalendar(handle: Handle): Promise<void> {
  await handle.query(
    "INSERT INTO providers (id, name) SELECT id, 'Provider' FROM unnest($1::uuid[]) AS id",
    [PROVIDERS],
  )
  await handle.query(
    `INSERT INTO calendar_events
       (provider_id, school_id, event_date, start_time, end_time, student)
     SELECT provider_id, school_id, event_date, start_time, end_time, student
     FROM jsonb_to_recordset($1::jsonb) AS event (provider_id uuid, school_id uuid,
       event_date date, start_time time, end_time time, student text)`,
    [JSON.stringify([...calendar()])],
  )
}

/**
 * The requests that the incident's front end makes of the calendar: one per provider and day. The
 * fourth provider's Friday holds its first slot twice, as after a double click.
 */
export async function requestsOfTheWeek(handle: Handle): Promise<LessonRequest[]> {
  const requests: LessonRequest[] = []
  for (const [place, providerId] of PROVIDERS.entries()) {
    const groups = naiveGroups(await weekEvents(handle, providerId, WEEK_START))
    for (const [day, date] of DATES.entries()) {
      const today = groups.filter(({ lessonDate }) => lessonDate === date)
      const again = place === 3 && day === 4 ? today.slice(0, 1) : []
      requests.push({ providerId, requestedBy: 'front end', groups: [...today, ...again] })
    }
  }
  return requests
}

const FORBIDDEN: readonly string[] = lessons.key.time_slot.forbid

/** What must come of requests, counted from what they say. */
export interface Foretold {
  readonly groups: number
  /** Lessons that can be made of them. */
  readonly lessons: number
  readonly missing: number
  readonly fallback: number
  readonly repeated: number
}

/** Counts, without a database, what must come of a set of requests sent once. */
export function foretell(requests: readonly LessonRequest[]): Foretold {
  const keys = requests.flatMap(({ providerId, groups }) =>
    groups.map((group) => attemptedKey(providerId, group)),
  )
  const whole = keys.filter((key) => !Object.values(key).includes(null))
  const valid = whole.filter(({ time_slot }) => !FORBIDDEN.includes(String(time_slot)))
  const lessonsMade = new Set(valid.map((key) => JSON.stringify(key))).size
  return {
    groups: keys.length,
    lessons: lessonsMade,
    missing: keys.length - whole.length,
    fallback: whole.length - valid.length,
    repeated: valid.length - lessonsMade,
  }
}
