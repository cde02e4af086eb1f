import type { Handle } from 'onceover'
import { type DateRange, horizon, localDate, type Occurrence, occurrences } from './recurrence.ts'

/** What sessions are made from: a series with its effective branch and that branch's zone. */
export interface Blueprint {
  readonly id: string
  readonly status: string
  /** The series' own branch, else the student's. */
  readonly branch_id: string
  readonly time_zone: string
  readonly teacher_id: string
  readonly student_id: string
  readonly start_time: string
  readonly end_time: string
  readonly days_of_week: readonly number[]
}

/** The values of a 1:1 session that its series and date decide. */
export interface WantedSession {
  readonly series_id: string
  readonly branch_id: string
  readonly teacher_id: string
  readonly student_id: string
  readonly date: string
  readonly start_time: string
  readonly end_time: string
}

const BLUEPRINT = `
  SELECT s.id, s.status, b.id AS branch_id, b.time_zone, s.teacher_id, s.student_id,
    s.start_time::text, s.end_time::text, s.days_of_week
  FROM class_series AS s
  JOIN students ON students.id = s.student_id
  JOIN branches AS b ON b.id = coalesce(s.branch_id, students.branch_id)`

/** All ACTIVE series, oldest first. */
const ACTIVE_BLUEPRINTS = `${BLUEPRINT} WHERE s.status = 'ACTIVE' ORDER BY s.created_at, s.id`

/** One series, whatever its status; $1: its id. */
const BLUEPRINT_BY_ID = `${BLUEPRINT} WHERE s.id = $1`

/** Keeps the read series from being paused until the transaction ends. */
const AND_HOLD = 'FOR SHARE OF s'

/** The ACTIVE series. */
export async function activeBlueprints(db: Handle): Promise<Blueprint[]> {
  const { rows } = await db.query(ACTIVE_BLUEPRINTS)
  return rows as unknown as Blueprint[]
}

/** The ACTIVE series, none of which can be paused before the caller's transaction ends. */
export async function holdActiveBlueprints(db: Handle): Promise<Blueprint[]> {
  const { rows } = await db.query(`${ACTIVE_BLUEPRINTS} ${AND_HOLD}`)
  return rows as unknown as Blueprint[]
}

/** One series, held like that; undefined where there is none. */
export async function holdBlueprint(db: Handle, id: string): Promise<Blueprint | undefined> {
  const { rows } = await db.query(`${BLUEPRINT_BY_ID} ${AND_HOLD}`, [id])
  return rows[0] as unknown as Blueprint | undefined
}

/** A series' dates over the `days` days from now on, as its branch's wall calendar has them. */
export function upcoming(blueprint: Blueprint, now: string, days: number): Occurrence[] {
  return datesIn(blueprint, horizon(localDate(now, blueprint.time_zone), days))
}

/** A series' dates in a range of local dates. */
export function datesIn(blueprint: Blueprint, range: DateRange): Occurrence[] {
  const pattern = {
    zone: blueprint.time_zone,
    daysOfWeek: blueprint.days_of_week,
    startTime: blueprint.start_time,
    endTime: blueprint.end_time,
  }
  return occurrences(pattern, range)
}

/** The session that a series wants on a date. */
export function wantedSession(blueprint: Blueprint, date: string): WantedSession {
  const { id, branch_id, teacher_id, student_id, start_time, end_time } = blueprint
  return { series_id: id, branch_id, teacher_id, student_id, date, start_time, end_time }
}
