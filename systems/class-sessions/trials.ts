import { onceover } from 'onceover'
import { Pool } from 'pg'
import { enforceGuards } from './enforce.ts'
import { healthyRows, loadRows } from './incident.ts'
import { BRANCH, HOUR, iso } from './incident-rows.ts'
import type { NaiveCheck } from './naive.ts'
import type { School } from './school.ts'
import { skippedSessions } from './skipped.ts'
import { createTables } from './tables.ts'
import type { Task, Work } from './work.ts'

/** Runs one task per worker, all released at the same moment; the results in the tasks' order. */
export type RunWorkers = (tasks: readonly Task[]) => Promise<readonly Work[]>

/** Where a trial runs and who works in it. */
export interface Trial {
  /** An empty database of its own. */
  readonly url: string
  readonly workers: number
  readonly run: RunWorkers
}

/** What stood after each hourly run of all workers. */
export interface HourlyFigures {
  /** What one run ought to make: the dates of all series in the horizon. */
  readonly wanted: number
  /** Sessions in the table after each hour. */
  readonly sessions: readonly number[]
  /** What the workers say they made and skipped, in all. */
  readonly created: number
  readonly skipped: number
  /** Skips that can be asked for afterwards, one by one. */
  readonly recorded: number
}

/** What became of the same request for a series, sent by every worker at once. */
export interface RequestFigures {
  readonly requests: number
  /** ACTIVE series in the table afterwards. */
  readonly series: number
  readonly created: number
  readonly skipped: number
}

/** How many series the school of a trial has, how often and how far ahead they are generated. */
export const TRIAL = { series: 24, hours: 3, days: 14 } as const

const FIRST_HOUR = Date.parse('2025-10-16T20:03:00+09:00')

const COUNT_SESSIONS = 'SELECT count(*)::int AS n FROM class_sessions'
const COUNT_ACTIVE_SERIES = "SELECT count(*)::int AS n FROM class_series WHERE status = 'ACTIVE'"

/** Hour after hour every worker runs the naive generator: all copies of the application. */
export function naiveHours(trial: Trial, check: NaiveCheck): Promise<HourlyFigures> {
  return inSchool(trial, TRIAL.series, ({ pool }) =>
    hours(trial, pool, (at) => ({ kind: 'naive-run', check, ...at })),
  )
}

/** The same hours and workers through Onceover. */
export function guardedHours(trial: Trial): Promise<HourlyFigures> {
  return inSchool(trial, TRIAL.series, async (school) => {
    await school.once.migrate()
    await enforceGuards(school)
    const figures = await hours(trial, school.pool, (at) => ({ kind: 'run', ...at }))
    const recorded = await skippedSessions(school.once, { since: '1d', limit: 1000 })
    return { ...figures, recorded: recorded.length }
  })
}

/** Every worker sends the same request for a series, half of them with the weekdays reversed. */
export function naiveRequests(trial: Trial): Promise<RequestFigures> {
  return inSchool(trial, 0, ({ pool }) => requests(trial, pool, 'naive-series'))
}

/** The same requests through Onceover. */
export function guardedRequests(trial: Trial): Promise<RequestFigures> {
  return inSchool(trial, 0, async (school) => {
    await school.once.migrate()
    await enforceGuards(school)
    return requests(trial, school.pool, 'series')
  })
}

async function inSchool<T>(
  trial: Trial,
  series: number,
  work: (school: School) => Promise<T>,
): Promise<T> {
  const pool = new Pool({ connectionString: trial.url, max: 4 })
  const once = await onceover({ db: pool })
  try {
    await createTables(pool)
    await loadRows(pool, healthyRows(series))
    return await work({ once, pool })
  } finally {
    await once.close()
    await pool.end()
  }
}

type At = { readonly url: string; readonly now: string; readonly days: number }

async function hours(
  { url, workers, run }: Trial,
  pool: Pool,
  taskAt: (at: At) => Task,
): Promise<HourlyFigures> {
  const sessions: number[] = []
  const done: Work[] = []
  for (let hour = 0; hour < TRIAL.hours; hour += 1) {
    const at = { url, now: iso(FIRST_HOUR + hour * HOUR), days: TRIAL.days }
    done.push(...(await run(Array.from({ length: workers }, () => taskAt(at)))))
    sessions.push(await count(pool, COUNT_SESSIONS))
  }
  const wanted = (done[0]?.created ?? 0) + (done[0]?.skipped ?? 0)
  return { wanted, sessions, ...total(done), recorded: 0 }
}

async function requests(
  { url, workers, run }: Trial,
  pool: Pool,
  kind: 'naive-series' | 'series',
): Promise<RequestFigures> {
  const [person] = healthyRows(1).class_series
  if (person === undefined) throw new Error('the school has no series to ask for')
  const { teacher_id, student_id, start_time, end_time } = person
  const request = { teacher_id, student_id, start_time, end_time }
  const weeks = [
    [1, 3],
    [3, 1],
  ]
  const tasks = Array.from({ length: workers }, (_, index): Task => {
    const days_of_week = weeks[index % weeks.length] ?? []
    return { kind, url, branch: BRANCH, request: { ...request, days_of_week } }
  })
  const done = await run(tasks)
  return { requests: workers, series: await count(pool, COUNT_ACTIVE_SERIES), ...total(done) }
}

const total = (done: readonly Work[]): Work => ({
  created: done.reduce((sum, work) => sum + work.created, 0),
  skipped: done.reduce((sum, work) => sum + work.skipped, 0),
})

async function count(pool: Pool, statement: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(statement)
  return rows[0]?.n ?? 0
}
