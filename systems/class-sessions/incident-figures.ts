import type { Pool } from 'pg'
import { INCIDENT_DATE } from './incident-plan.ts'

/** The report's figures, counted by plain SQL. */
export interface IncidentFigures {
  /** Sessions on the incident's date, as the report counts them. */
  readonly onTheDay: number
  /** Distinct (date, start, end, teacher, student) among them. */
  readonly distinctOnTheDay: number
  readonly excessOnTheDay: number
  /** Rows too many in the whole table. */
  readonly excess: number
  /** What would stand on the day with only the earliest row of each key. */
  readonly confirmedAfter: number
  readonly conflictedAfter: number
  /** ACTIVE series that repeat an earlier one, the weekdays' order aside. */
  readonly laterSeries: number
  /** The same, where [1, 4] and [4, 1] are taken for two keys, as the array's equality does. */
  readonly laterSeriesByArrayOrder: number
}

/** Living 1:1 sessions, numbered within their key by age. $1: the incident's date. */
const SESSION_FIGURES = `
  WITH ranked AS (
    SELECT date, status, row_number() OVER (
      PARTITION BY date, start_time, end_time, teacher_id, student_id
      ORDER BY created_at, id) AS place
    FROM class_sessions
    WHERE NOT is_cancelled AND teacher_id IS NOT NULL AND student_id IS NOT NULL
  )
  SELECT
    (SELECT count(*)::int FROM class_sessions WHERE date = $1) AS "onTheDay",
    count(*) FILTER (WHERE date = $1 AND place = 1)::int AS "distinctOnTheDay",
    count(*) FILTER (WHERE date = $1 AND place > 1)::int AS "excessOnTheDay",
    count(*) FILTER (WHERE place > 1)::int AS excess,
    count(*) FILTER (WHERE date = $1 AND place = 1 AND status = 'CONFIRMED')::int
      AS "confirmedAfter",
    count(*) FILTER (WHERE date = $1 AND place = 1 AND status = 'CONFLICTED')::int
      AS "conflictedAfter"
  FROM ranked`

/** ACTIVE series, numbered within their key by age: by the set of weekdays, and by the array. */
const SERIES_FIGURES = `
  WITH days AS (
    SELECT id,
      (SELECT jsonb_agg(DISTINCT day) FROM jsonb_array_elements(days_of_week) AS day) AS week
    FROM class_series
  ), ranked AS (
    SELECT row_number() OVER (PARTITION BY branch_id, teacher_id, student_id, start_time, end_time,
        week ORDER BY created_at, id) AS place,
      row_number() OVER (PARTITION BY branch_id, teacher_id, student_id, start_time, end_time,
        days_of_week ORDER BY created_at, id) AS place_in_order
    FROM class_series JOIN days USING (id)
    WHERE status = 'ACTIVE'
  )
  SELECT count(*) FILTER (WHERE place > 1)::int AS "laterSeries",
    count(*) FILTER (WHERE place_in_order > 1)::int AS "laterSeriesByArrayOrder"
  FROM ranked`

/** Counts the incident's figures, of the date on which it was planted; reads only. */
export async function incidentFigures(pool: Pool, date = INCIDENT_DATE): Promise<IncidentFigures> {
  const sessions = await pool.query(SESSION_FIGURES, [date])
  const series = await pool.query(SERIES_FIGURES)
  return { ...sessions.rows[0], ...series.rows[0] }
}
