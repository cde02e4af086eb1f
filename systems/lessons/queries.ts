import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Handle } from 'onceover'
import type { AttemptedKey, CalendarEvent, LessonGroup } from './groups.ts'

/** The table's own unique constraint, the one of the incident. */
export const UNIQUE_LESSON = 'ai_generated_lessons_unique_lesson'

/** Creates the tables of this system in an empty database (or on the handle's search_path). */
export async function createSchema(handle: Handle): Promise<void> {
  await handle.query(await readFile(new URL('./schema.sql', import.meta.url), 'utf8'))
}

/** The events of a provider in the seven days from `weekStart` ('YYYY-MM-DD'). */
export async function weekEvents(
  handle: Handle,
  providerId: string,
  weekStart: string,
): Promise<CalendarEvent[]> {
  const { rows } = await handle.query(
    `SELECT school_id, event_date::text, start_time::text, end_time::text, student
     FROM calendar_events
     WHERE provider_id = $1 AND event_date >= $2::date AND event_date < $2::date + 7
     ORDER BY event_date, start_time, student`,
    [providerId, weekStart],
  )
  return rows as unknown as CalendarEvent[]
}

/** Writes down a batch request and its groups as they came, and gives the request's id. */
export async function recordRequest(
  handle: Handle,
  requestedBy: string,
  attempted: readonly object[],
): Promise<string> {
  const { rows } = await handle.query(
    `WITH request AS (INSERT INTO lesson_requests (requested_by) VALUES ($1) RETURNING id),
          entry AS (
            INSERT INTO lesson_request_groups (request_id, position, attempted)
            SELECT request.id, item.position - 1, item.attempted
            FROM request, unnest($2::json[]) WITH ORDINALITY AS item (attempted, position))
     SELECT id FROM request`,
    [requestedBy, attempted.map((values) => JSON.stringify(values))],
  )
  return String(rows[0]?.id)
}

/** What came of one group, as it is written down. */
export interface RecordedVerdict {
  readonly position: number
  readonly verdict: string
  readonly cause: string | null
  readonly says: string
  readonly lesson_id: string | null
}

/** Writes down what came of each group, and that the request is finished. */
export async function recordVerdicts(
  handle: Handle,
  requestId: string,
  runId: string | undefined,
  verdicts: readonly RecordedVerdict[],
): Promise<void> {
  await handle.query(
    `UPDATE lesson_request_groups AS entry
     SET verdict = item.verdict, cause = item.cause, says = item.says, lesson_id = item.lesson_id
     FROM jsonb_to_recordset($2::jsonb)
       AS item (position int, verdict text, cause text, says text, lesson_id uuid)
     WHERE entry.request_id = $1 AND entry.position = item.position`,
    [requestId, JSON.stringify(verdicts)],
  )
  await handle.query(
    'UPDATE lesson_requests SET finished_at = clock_timestamp(), run_id = $2 WHERE id = $1',
    [requestId, runId ?? null],
  )
}

/** Which group of which request asked for a lesson; null where none did. */
export interface AskedBy {
  readonly requestId: string | null
  readonly position: number | null
}

/**
 * Inserts a lesson and gives its id. Its group is told at once which lesson it led to: whatever
 * becomes of the process then, the request can be traced to the row.
 */
export async function saveLesson(
  handle: Handle,
  key: AttemptedKey,
  { requestId, position }: AskedBy,
  content: object,
): Promise<string> {
  const { rows } = await handle.query(
    `WITH lesson AS (
       INSERT INTO ai_generated_lessons (provider_id, school_id, lesson_date, time_slot, content,
         request_id, request_position)
       VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7) RETURNING id),
     entry AS (
       UPDATE lesson_request_groups SET verdict = 'created', lesson_id = lesson.id FROM lesson
       WHERE lesson_request_groups.request_id = $6::uuid AND position = $7::int)
     SELECT id FROM lesson`,
    [
      ...[key.provider_id, key.school_id, key.lesson_date, key.time_slot],
      ...[JSON.stringify(content), requestId, position],
    ],
  )
  return String(rows[0]?.id)
}

/** A request with its groups, each down to the row it led to; undefined where there is none. */
export async function traceRequest(
  handle: Handle,
  requestId: string,
): Promise<Record<string, unknown> | undefined> {
  const { rows } = await handle.query(
    `SELECT request.id, request.requested_by, request.received_at, request.finished_at,
            request.run_id,
            (SELECT json_agg(json_build_object(
               'index', entry.position, 'attempted', entry.attempted, 'verdict', entry.verdict,
               'cause', entry.cause, 'says', entry.says,
               'lesson', (SELECT json_build_object(
                   'id', lesson.id, 'provider_id', lesson.provider_id,
                   'school_id', lesson.school_id, 'lesson_date', lesson.lesson_date,
                   'time_slot', lesson.time_slot, 'created_at', lesson.created_at,
                   'request_id', lesson.request_id, 'request_position', lesson.request_position)
                 FROM ai_generated_lessons AS lesson WHERE lesson.id = entry.lesson_id)
             ) ORDER BY entry.position)
             FROM lesson_request_groups AS entry WHERE entry.request_id = request.id) AS groups
     FROM lesson_requests AS request
     WHERE request.id = $1`,
    [requestId],
  )
  return rows[0]
}

/**
 * The incident's insert: one lesson, and nothing that expects another to be there already.
 * Raises 23505 where one is.
 */
export async function insertLesson(
  handle: Handle,
  providerId: string,
  group: LessonGroup,
  content: object,
): Promise<void> {
  await handle.query(
    `INSERT INTO ai_generated_lessons (provider_id, school_id, lesson_date, time_slot, content)
     VALUES ($1, $2, $3, $4, $5)`,
    [providerId, group.schoolId, group.lessonDate, group.timeSlot, JSON.stringify(content)],
  )
}

/** Lessons in the table, and how many of them the guard would not have let in. */
export interface LessonCounts {
  readonly lessons: number
  /** Distinct time slots. */
  readonly slots: number
  /** Rows beyond the first of a provider, school, date and slot, a missing school being one. */
  readonly excess: number
  /** Rows whose slot is the fallback. */
  readonly fallback: number
}

/** Counts lessons. */
export async function countLessons(handle: Handle, fallback: string): Promise<LessonCounts> {
  const { rows } = await handle.query(
    `SELECT count(*)::int AS lessons, count(DISTINCT time_slot)::int AS slots,
            (count(*) - count(DISTINCT (provider_id, school_id, lesson_date, time_slot)))::int
              AS excess,
            (count(*) FILTER (WHERE time_slot = $1))::int AS fallback
     FROM ai_generated_lessons`,
    [fallback],
  )
  return rows[0] as unknown as LessonCounts
}

const POLL_MS = 5
const POLLS = 2_000

/** Waits until some session waits for a lock of the backend `pid`. */
export async function waitUntilBlocked(handle: Handle, pid: number): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    const { rows } = await handle.query(
      'SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)) LIMIT 1',
      [pid],
    )
    if (rows.length > 0) return
    await sleep(POLL_MS)
  }
  throw new Error(`No session came to wait for backend ${pid}.`)
}
