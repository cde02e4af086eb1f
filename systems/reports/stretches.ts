import type { Window } from './period.ts'

/** A student, and the period to look at. */
export interface Asked extends Window {
  readonly userId: string
}

/**
 * The students and periods that are asked about, each as two stretches of time: the period, and the
 * one before it. $1: `placed`.
 */
export const STRETCHES = `
  asked AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS item (place int, user_id uuid, time_zone text,
      starts_at timestamptz, ends_at timestamptz, previous_starts_at timestamptz)
  ),
  stretch AS (
    SELECT asked.place, asked.user_id, asked.time_zone, part.current, part.starts, part.ends
    FROM asked CROSS JOIN LATERAL (VALUES
      (true, asked.starts_at, asked.ends_at),
      (false, asked.previous_starts_at, asked.starts_at)) AS part (current, starts, ends)
  )`

/** To be joined: the questions that were answered in a stretch. */
export const ATTEMPTS_OF_STRETCH = `
  question_attempts AS attempt ON attempt.user_id = stretch.user_id
    AND attempt.answered_at >= stretch.starts AND attempt.answered_at < stretch.ends`

/** To be joined: the sessions of which any part lies in a stretch; none is longer than a day. */
export const SESSIONS_OF_STRETCH = `
  study_sessions AS session ON session.user_id = stretch.user_id
    AND session.started_at > stretch.starts - interval '24 hours'
    AND session.started_at < stretch.ends AND session.ended_at > stretch.starts`

/** The students asked about as the parameter of the statements: `place` is the index of each. */
export const placed = (asked: readonly Asked[]): string =>
  JSON.stringify(
    asked.map((each, place) => ({
      place,
      user_id: each.userId,
      time_zone: each.timeZone,
      starts_at: each.startsAt,
      ends_at: each.endsAt,
      previous_starts_at: each.previousStartsAt,
    })),
  )
