import type { Handle } from 'onceover'

/** A session-to-be, as far as overlaps go; a group class has no student. */
export interface Slot {
  readonly date: string
  readonly start_time: string
  readonly end_time: string
  readonly teacher_id: string
  readonly student_id: string | null
}

/** The status of a new session. */
export type NewStatus = 'CONFIRMED' | 'CONFLICTED'

/**
 * Which of the wanted slots overlap another class of their teacher or student: one that stands in
 * the table, or one that comes earlier in $1. A slot does not conflict with its own equal.
 * $1: a JSON array of slots with their `place`.
 */
const CONFLICTED_PLACES = `
  WITH wanted AS (
    SELECT * FROM json_to_recordset($1) AS w (place int, date date, start_time time,
      end_time time, teacher_id uuid, student_id uuid)
  ), taken AS (
    SELECT -1 AS place, date, start_time, end_time, teacher_id, student_id
    FROM class_sessions WHERE NOT is_cancelled AND date IN (SELECT date FROM wanted)
    UNION ALL
    SELECT place, date, start_time, end_time, teacher_id, student_id FROM wanted
  )
  SELECT DISTINCT w.place
  FROM wanted AS w JOIN taken AS t ON t.date = w.date AND t.place < w.place
  WHERE (t.teacher_id = w.teacher_id OR t.student_id = w.student_id)
    AND t.start_time < w.end_time AND w.start_time < t.end_time
    AND (t.start_time, t.end_time, t.teacher_id, t.student_id)
      IS DISTINCT FROM (w.start_time, w.end_time, w.teacher_id, w.student_id)`

/**
 * The status each wanted slot would start with, in their order. An overlap is no duplicate: both
 * sessions are kept and a person decides. Two overlapping sessions made at the very same moment
 * may both say CONFIRMED; equal ones cannot both be made, the guard sees to that.
 */
export async function statusesOf(db: Handle, slots: readonly Slot[]): Promise<NewStatus[]> {
  const input = slots.map((slot, place) => ({ ...slot, place }))
  const { rows } = await db.query(CONFLICTED_PLACES, [JSON.stringify(input)])
  const conflicted = new Set(rows.map((row) => row.place))
  return slots.map((_, place) => (conflicted.has(place) ? 'CONFLICTED' : 'CONFIRMED'))
}
