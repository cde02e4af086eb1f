import { date, guard, type RowOf, text, uuid } from 'onceover'
import type { AttemptedKey } from './groups.ts'

/**
 * One lesson per provider, school, date and time slot: the key of the constraint that the table has
 * had all along, so enforcing it changes nothing. What the constraint cannot say, the guard does:
 * a missing school is refused (a unique constraint lets NULL through again and again), and so is
 * the fallback 'structured', which stands in for a slot that nobody passed on.
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
