import { date, guard, type RowOf, text, uuid } from 'onceover'
import type { AttemptedKey } from './groups.ts'

/**
 * The minutes of a day that a slot such as '08:30-09:00' takes up; NULL for one that is no such
 * text, the fallback among them.
 */
export const SLOT_MINUTES = `CASE
  WHEN time_slot ~ '^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$'
    AND left(time_slot, 5) < right(time_slot, 5)
  THEN int4range(substr(time_slot, 1, 2)::int * 60 + substr(time_slot, 4, 2)::int,
    substr(time_slot, 7, 2)::int * 60 + substr(time_slot, 10, 2)::int) END`

/**
 * One lesson per provider, school, date and time slot: the key of the constraint that the table has
 * had all along, so enforcing it changes nothing. What the constraint cannot say, the guard does:
 * a missing school is refused (a unique constraint lets NULL through again and again), and so is
 * the fallback 'structured', which stands in for a slot that nobody passed on. What equal keys
 * cannot see, `overlap` does: 10:20-10:50 beside 10:20-11:20.
 */
export const lessons = guard('lessons', {
  table: 'ai_generated_lessons',
  key: {
    provider_id: uuid(),
    school_id: uuid(),
    lesson_date: date(),
    time_slot: text({ forbid: ['structured'] }),
  },
  keep: ['created_at asc', 'id asc'],
  show: ['request_id', 'request_position', 'created_at'],
  overlap: SLOT_MINUTES,
  matrix: { entity: 'time_slot', period: 'lesson_date' },
  index: 'ai_generated_lessons_unique_lesson',
})

/** A lesson to be inserted: its key and any other columns. */
export type LessonRow = RowOf<typeof lessons>

/**
 * A row as it was sent. The type of a row promises that every part of its key is there; of input
 * from outside nobody can promise that, and a part that is missing is the row's verdict.
 */
export const asSent = (row: AttemptedKey & Readonly<Record<string, unknown>>): LessonRow =>
  row as LessonRow
