import type { Pool } from 'pg'
import { activeBlueprints, upcoming, type WantedSession, wantedSession } from './blueprints.ts'
import type { SeriesRequest } from './requests.ts'

/*
 * The incident's code, kept for the side-by-side demo: what the application did before it had a
 * guard. Nothing else may use it.
 */

/**
 * What the generator does before it inserts: `none`, in the belief that a unique constraint would
 * refuse a duplicate; or `select-first`, the check that the incident's fix added.
 */
export type NaiveCheck = 'none' | 'select-first'

const UNIQUE_VIOLATION = '23505'

/** Whether exactly this session stands. $1–$5: the key. */
const SESSION_EXISTS = `
  SELECT id FROM class_sessions
  WHERE NOT is_cancelled AND date = $1 AND start_time = $2 AND end_time = $3
    AND teacher_id = $4 AND student_id = $5
  LIMIT 1`

/** Whether teacher or student has a class at that time. $1–$5: the key. */
const SLOT_IS_TAKEN = `
  SELECT id FROM class_sessions
  WHERE NOT is_cancelled AND date = $1 AND start_time < $3 AND $2 < end_time
    AND (teacher_id = $4 OR student_id = $5)
  LIMIT 1`

/** $1–$5: the key, $6: series, $7: branch, $8: status. */
const INSERT_SESSION = `
  INSERT INTO class_sessions
    (date, start_time, end_time, teacher_id, student_id, series_id, branch_id, status)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

/** An ACTIVE series equal to the request, the weekdays compared as an array: $1–$6. */
const SERIES_EXISTS = `
  SELECT id FROM class_series
  WHERE status = 'ACTIVE' AND branch_id = $1 AND teacher_id = $2 AND student_id = $3
    AND start_time = $4 AND end_time = $5 AND days_of_week = $6
  LIMIT 1`

/** $1–$6 as above. */
const INSERT_SERIES = `
  INSERT INTO class_series (branch_id, teacher_id, student_id, start_time, end_time, days_of_week)
  VALUES ($1, $2, $3, $4, $5, $6)`

/** One hourly run over all ACTIVE series, `days` ahead of the instant `now`. Counts what it did. */
export async function naiveRun(
  pool: Pool,
  { now, days, check }: { now: string; days: number; check: NaiveCheck },
): Promise<{ created: number; skipped: number }> {
  const counts = { created: 0, skipped: 0 }
  for (const blueprint of await activeBlueprints(pool)) {
    for (const { date, clock } of upcoming(blueprint, now, days)) {
      if (clock === 'never') continue
      const made = await naiveSession(pool, wantedSession(blueprint, date), check)
      counts[made ? 'created' : 'skipped'] += 1
    }
  }
  return counts
}

async function naiveSession(pool: Pool, wanted: WantedSession, check: NaiveCheck) {
  const key = [
    wanted.date,
    wanted.start_time,
    wanted.end_time,
    wanted.teacher_id,
    wanted.student_id,
  ]
  if (check === 'select-first' && (await finds(pool, SESSION_EXISTS, key))) return false
  const status = (await finds(pool, SLOT_IS_TAKEN, key)) ? 'CONFLICTED' : 'CONFIRMED'
  try {
    await pool.query(INSERT_SESSION, [...key, wanted.series_id, wanted.branch_id, status])
    return true
  } catch (error) {
    // The assumption of the incident: no such constraint existed, so this never happened.
    if ((error as { code?: string }).code === UNIQUE_VIOLATION) return false
    throw error
  }
}

/** Creates a series unless an equal one is found first. Whether it did. */
export async function naiveCreateSeries(
  pool: Pool,
  branchId: string,
  request: SeriesRequest,
): Promise<boolean> {
  const values = [
    branchId,
    request.teacher_id,
    request.student_id,
    request.start_time,
    request.end_time,
    JSON.stringify(request.days_of_week),
  ]
  if (await finds(pool, SERIES_EXISTS, values)) return false
  await pool.query(INSERT_SERIES, values)
  return true
}

const finds = async (pool: Pool, text: string, values: unknown[]) =>
  (await pool.query(text, values)).rows.length > 0
