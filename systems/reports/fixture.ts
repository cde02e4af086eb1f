import { readFile } from 'node:fs/promises'
import type { Handle } from 'onceover'
import { windowOn } from './period.ts'

/** A student to put in place. */
export interface Student {
  readonly id: string
  readonly name: string
  readonly timeZone: string
}

/** What to plant: so many students, and what they did in the week of a date and the one before. */
export interface Planting {
  readonly students: number
  /** A local date, 'YYYY-MM-DD'. */
  readonly week: string
  /** Another seed, other deeds; the same seed, the same rows down to their ids. */
  readonly seed?: number
}

const ZONES = ['America/Los_Angeles', 'Europe/Zurich', 'Asia/Tokyo', 'Asia/Kathmandu'] as const
const SUBJECTS = ['english', 'mathematics', 'science'] as const
const NAMES = ['Ada', 'Ben', 'Cem', 'Dana', 'Eli', 'Fay', 'Gus', 'Hana'] as const

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const DAYS = 14

/** Creates the tables of this system in an empty database (or on the handle's search_path). */
export async function createSchema(handle: Handle): Promise<void> {
  await handle.query(await readFile(new URL('./schema.sql', import.meta.url), 'utf8'))
}

// Mulberry32: the same numbers from the same seed everywhere, from 0 up to, not including, 1.
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

/** The n-th student, from 0. */
export const student = (n: number): Student => ({
  id: `57d00000-0000-4000-8000-${hex(n, 12)}`,
  name: `${NAMES[n % NAMES.length]} ${n + 1}`,
  timeZone: ZONES[n % ZONES.length] ?? 'UTC',
})

/** A question that was answered. */
export interface Attempt {
  readonly id: string
  readonly user_id: string
  readonly subject: string
  readonly is_correct: boolean
  readonly answered_at: string
}

/** A study session. */
export interface Session {
  readonly id: string
  readonly user_id: string
  readonly started_at: string
  readonly ended_at: string
  readonly companions: number
  readonly mood: number | null
}

interface Deeds {
  readonly attempts: readonly Attempt[]
  readonly sessions: readonly Session[]
}

/** What students did, made up from a seed: about 30 questions and 8 sessions each in two weeks. */
export function deedsOf({ students, week, seed = 1 }: Planting): Deeds {
  const attempts: Attempt[] = []
  const sessions: Session[] = []
  for (let n = 0; n < students; n++) {
    const { id: user_id, timeZone } = student(n)
    const random = randomFrom(seed * 1_000_003 + n)
    const below = (limit: number) => Math.floor(random() * limit)
    const skill = 0.5 + random() / 2
    const from = Date.parse(windowOn('weekly', timeZone, week).previousStartsAt)
    for (let day = 0; day < DAYS; day++) {
      // Not every day is a day of study.
      if (random() < 0.4) continue
      const started = from + day * 24 * HOUR_MS + (7 + below(16)) * HOUR_MS + below(60) * MINUTE_MS
      const at = (minutes: number) => new Date(started + minutes * MINUTE_MS).toISOString()
      const id = (kind: number, k: number) =>
        `${hex(seed, 8)}-${hex(kind, 4)}-4000-8000-${hex((n * DAYS + day) * 16 + k, 12)}`
      const mood = below(6) || null
      const ended_at = at(20 + below(90))
      sessions.push({
        id: id(2, 0),
        user_id,
        started_at: at(0),
        ended_at,
        companions: below(3),
        mood,
      })
      for (let k = below(8); k > 0; k--) {
        const subject = SUBJECTS[below(SUBJECTS.length)] ?? 'english'
        const is_correct = random() < skill
        attempts.push({ id: id(1, k), user_id, subject, is_correct, answered_at: at(2 * k) })
      }
    }
  }
  return { attempts, sessions }
}

/** Puts students in place, and what they did. */
export async function plantStudents(handle: Handle, planting: Planting): Promise<void> {
  await enrol(
    handle,
    Array.from({ length: planting.students }, (_, n) => student(n)),
  )
  const { attempts, sessions } = deedsOf(planting)
  await addAttempts(handle, attempts)
  await addSessions(handle, sessions)
}

/** Enrols students, on a date or ever since. */
export async function enrol(
  handle: Handle,
  students: readonly Student[],
  on = '-infinity',
): Promise<void> {
  await handle.query(
    `INSERT INTO users (id, name, time_zone, enrolled_on)
     SELECT id, name, "timeZone", $2::date
     FROM jsonb_to_recordset($1::jsonb) AS item (id uuid, name text, "timeZone" text)`,
    [JSON.stringify(students), on],
  )
}

/** Records answered questions. */
export async function addAttempts(handle: Handle, attempts: readonly Attempt[]): Promise<void> {
  await handle.query(
    `INSERT INTO question_attempts (id, user_id, subject, is_correct, answered_at)
     SELECT id, user_id, subject, is_correct, answered_at
     FROM jsonb_to_recordset($1::jsonb) AS item
       (id uuid, user_id uuid, subject text, is_correct boolean, answered_at timestamptz)`,
    [JSON.stringify(attempts)],
  )
}

/** Records study sessions. */
export async function addSessions(handle: Handle, sessions: readonly Session[]): Promise<void> {
  await handle.query(
    `INSERT INTO study_sessions (id, user_id, started_at, ended_at, companions, mood)
     SELECT id, user_id, started_at, ended_at, companions, mood
     FROM jsonb_to_recordset($1::jsonb) AS item (id uuid, user_id uuid, started_at timestamptz,
       ended_at timestamptz, companions int, mood smallint)`,
    [JSON.stringify(sessions)],
  )
}
