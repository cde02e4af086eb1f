import type { Handle } from 'onceover'
import { z } from 'zod'
import {
  type Asked,
  ATTEMPTS_OF_STRETCH,
  placed,
  SESSIONS_OF_STRETCH,
  STRETCHES,
} from './stretches.ts'

const count = z.int().nonnegative()

const metrics = z.object({
  /** The student's name. */
  name: z.string(),
  questions: count,
  correct: count,
  /** Percent with two decimals; null where no question was answered, and the grade with it. */
  accuracy: z.number().nullable(),
  grade: z.enum(['A', 'B', 'C', 'D', 'F']).nullable(),
  studyMinutes: count,
  /** Study sessions, and those of them in company. */
  sessions: count,
  sessionsTogether: count,
  /** Mean of the moods chosen, 1 low to 5 high; null where none was. */
  mood: z.number().nullable(),
  /** The longest run of days in a row with a question or a session. */
  streak: count,
  /** Against the period before: percentage points, questions, minutes. */
  accuracyTrend: z.number().nullable(),
  questionTrend: z.int(),
  minutesTrend: z.int(),
  /** By name. */
  subjects: z.array(z.object({ subject: z.string(), questions: count, correct: count })),
  /** The local dates on which anything was done; a session counts on the day it begins. */
  days: z.array(z.object({ date: z.iso.date(), questions: count, correct: count, minutes: count })),
})

/** What one student did in one period, and how that compares with the period before. */
export type Metrics = z.infer<typeof metrics>

/** The metrics of every student asked about, one row each, in one statement. $1: `placed`. */
const SELECT_METRICS = `
  WITH ${STRETCHES},
  answered AS (
    SELECT stretch.place, stretch.current, attempt.subject, attempt.is_correct,
           (attempt.answered_at AT TIME ZONE stretch.time_zone)::date AS day
    FROM stretch JOIN ${ATTEMPTS_OF_STRETCH}
  ),
  -- A session over a boundary counts on either side with its own minutes.
  studied AS (
    SELECT stretch.place, stretch.current, session.companions, session.mood,
           (greatest(session.started_at, stretch.starts) AT TIME ZONE stretch.time_zone)::date
             AS day,
           extract(epoch FROM least(session.ended_at, stretch.ends)
             - greatest(session.started_at, stretch.starts)) AS seconds
    FROM stretch JOIN ${SESSIONS_OF_STRETCH}
  ),
  answers AS (
    SELECT place, count(*) FILTER (WHERE current) AS questions,
           count(*) FILTER (WHERE current AND is_correct) AS correct,
           count(*) FILTER (WHERE NOT current) AS questions_before,
           round(100.0 * count(*) FILTER (WHERE current AND is_correct)
             / nullif(count(*) FILTER (WHERE current), 0), 2) AS accuracy,
           round(100.0 * count(*) FILTER (WHERE NOT current AND is_correct)
             / nullif(count(*) FILTER (WHERE NOT current), 0), 2) AS accuracy_before
    FROM answered GROUP BY place
  ),
  study AS (
    SELECT place, count(*) FILTER (WHERE current) AS sessions,
           count(*) FILTER (WHERE current AND companions > 0) AS together,
           round(avg(mood) FILTER (WHERE current), 2) AS mood,
           coalesce(round(sum(seconds) FILTER (WHERE current) / 60), 0) AS minutes,
           coalesce(round(sum(seconds) FILTER (WHERE NOT current) / 60), 0) AS minutes_before
    FROM studied GROUP BY place
  ),
  subjects AS (
    SELECT place, jsonb_agg(jsonb_build_object('subject', subject, 'questions', questions,
             'correct', correct) ORDER BY subject COLLATE "C") AS list
    FROM (SELECT place, subject, count(*) AS questions,
                 count(*) FILTER (WHERE is_correct) AS correct
          FROM answered WHERE current GROUP BY place, subject) AS each
    GROUP BY place
  ),
  day AS (
    SELECT place, day AS date, sum(questions) AS questions, sum(correct) AS correct,
           round(sum(seconds) / 60) AS minutes,
           -- Days in a row are as far from their own rank: one run, one difference.
           day - rank() OVER (PARTITION BY place ORDER BY day)::int AS run
    FROM (SELECT place, day, 1 AS questions, is_correct::int AS correct, 0 AS seconds
          FROM answered WHERE current
          UNION ALL
          SELECT place, day, 0, 0, seconds FROM studied WHERE current) AS done
    GROUP BY place, day
  ),
  days AS (
    SELECT place, jsonb_agg(jsonb_build_object('date', date, 'questions', questions,
             'correct', correct, 'minutes', minutes) ORDER BY date) AS list
    FROM day GROUP BY place
  ),
  runs AS (
    SELECT place, max(length) AS streak
    FROM (SELECT place, count(*) AS length FROM day GROUP BY place, run) AS each GROUP BY place
  )
  SELECT asked.place, jsonb_build_object(
    'name', users.name,
    'questions', coalesce(answers.questions, 0),
    'correct', coalesce(answers.correct, 0),
    'accuracy', answers.accuracy,
    'grade', CASE WHEN answers.accuracy >= 90 THEN 'A' WHEN answers.accuracy >= 80 THEN 'B'
               WHEN answers.accuracy >= 70 THEN 'C' WHEN answers.accuracy >= 60 THEN 'D'
               WHEN answers.accuracy IS NOT NULL THEN 'F' END,
    'studyMinutes', coalesce(study.minutes, 0),
    'sessions', coalesce(study.sessions, 0),
    'sessionsTogether', coalesce(study.together, 0),
    'mood', study.mood,
    'streak', coalesce(runs.streak, 0),
    'accuracyTrend', answers.accuracy - answers.accuracy_before,
    'questionTrend', coalesce(answers.questions - answers.questions_before, 0),
    'minutesTrend', coalesce(study.minutes - study.minutes_before, 0),
    'subjects', coalesce(subjects.list, '[]'),
    'days', coalesce(days.list, '[]')) AS metrics
  FROM asked
  JOIN users ON users.id = asked.user_id
  LEFT JOIN answers USING (place)
  LEFT JOIN study USING (place)
  LEFT JOIN subjects USING (place)
  LEFT JOIN days USING (place)
  LEFT JOIN runs USING (place)`

/**
 * The metrics of any number of students, in order, read in one statement and so of one moment.
 * Undefined where there is no such student.
 */
export async function readMetrics(
  handle: Handle,
  asked: readonly Asked[],
): Promise<(Metrics | undefined)[]> {
  const { rows } = await handle.query(SELECT_METRICS, [placed(asked)])
  const byPlace = new Map(rows.map((row) => [Number(row.place), metrics.parse(row.metrics)]))
  return asked.map((_, place) => byPlace.get(place))
}
