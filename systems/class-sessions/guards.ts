import { date, guard, set, time, uuid } from 'onceover'

/** 'Teacher 1 – Student 1, Mon Thu 20:00', for each series. */
const SERIES_LABELS = `
  SELECT series.id, teachers.name || ' – ' || students.name || ', ' || (
      SELECT string_agg((ARRAY['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])[day::int], ' '
        ORDER BY day::int)
      FROM jsonb_array_elements_text(series.days_of_week) AS day
    ) || ' ' || to_char(series.start_time, 'HH24:MI')
  FROM class_series AS series
  JOIN teachers ON teachers.id = series.teacher_id
  JOIN students ON students.id = series.student_id`

/** One 1:1 session per date, time, teacher and student; cancelled ones do not count. */
export const sessions = guard('class-sessions', {
  table: 'class_sessions',
  key: {
    date: date(),
    start_time: time(),
    end_time: time(),
    teacher_id: uuid(),
    student_id: uuid(),
  },
  where: 'is_cancelled = false AND teacher_id IS NOT NULL AND student_id IS NOT NULL',
  keep: ['created_at asc', 'id asc'],
  losers: 'delete',
  show: ['status', 'created_at'],
  matrix: { entity: 'series_id', period: 'date', labels: SERIES_LABELS },
  index: 'ux_class_sessions_unique_1on1',
})

/**
 * One ACTIVE series per branch, teacher, student, times and *set* of weekdays: [3, 1] is [1, 3].
 * Later duplicates are paused, not deleted: their sessions still point to them.
 */
export const series = guard('class-series', {
  table: 'class_series',
  key: {
    branch_id: uuid(),
    teacher_id: uuid(),
    student_id: uuid(),
    start_time: time(),
    end_time: time(),
    days_of_week: set(),
  },
  where: "status = 'ACTIVE'",
  keep: ['created_at asc', 'id asc'],
  losers: { set: { status: 'PAUSED' } },
  show: ['status', 'created_at'],
  index: 'ux_class_series_active_private',
})

/** One group class per date, time and teacher, however many students it has. */
export const groupClasses = guard('group-classes', {
  table: 'class_sessions',
  key: { date: date(), start_time: time(), end_time: time(), teacher_id: uuid() },
  where: 'is_cancelled = false AND teacher_id IS NOT NULL AND student_id IS NULL',
  keep: ['created_at asc', 'id asc'],
  losers: 'delete',
  show: ['status', 'created_at'],
  children: [{ table: 'class_session_students', columns: ['class_session_id'] }],
  index: 'ux_class_sessions_unique_group',
})

/** A student stands once in the roster of a group class; one who left may come back. */
export const roster = guard('group-rosters', {
  table: 'class_session_students',
  key: { class_session_id: uuid(), student_id: uuid() },
  where: 'removed_at IS NULL',
  keep: ['created_at asc', 'id asc'],
  losers: 'delete',
  show: ['created_at'],
  index: 'ux_class_session_students_unique',
})
