import type { Pool } from 'pg'
import { enforceGuards } from './enforce.ts'
import { healthyRows, loadRows } from './incident.ts'
import { BRANCH, HOUR, iso } from './incident-rows.ts'
import type { NaiveCheck } from './naive.ts'
import { withSchool } from './school.ts'
import { skippedSessions } from './skipped.ts'
import { createTables, emptySessions } from './tables.ts'
import type { Task, Work } from './work.ts'

/** Runs one task per worker, all released at the same moment; the results in the tasks' order. */
export type RunWorkers = (tasks: readonly Task[]) => Promise<readonly Work[]>

/** Where a trial runs and who works in it. */
export interface Trial {
  /** An empty database of its own. */
  readonly url: string
  readonly workers: number
  readonly run: RunWorkers
  /** Says what is going on. */
  readonly progress: (line: string) => void
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

const CONNECTIONS = 2
const FIRST_HOUR = Date.parse('2025-10-16T20:03:00+09:00')

const COUNT_SESSIONS = 'SELECT count(*)::int AS n FROM class_sessions'

/** The ACTIVE series of one student; $1: the student. */
const COUNT_SERIES = `
  SELECT count(*)::int AS n FROM class_series WHERE status = 'ACTIVE' AND student_id = $1`

/** What the naive side of the demo leaves behind. */
export interface NaiveFigures {
  /** The generator that relies on a constraint which is not there, hour after hour. */
  readonly unchecked: HourlyFigures
  /** The generator that looks before it inserts, in one hour of all workers. */
  readonly checked: HourlyFigures
  readonly requests: RequestFigures
}

/** What the same work leaves behind through Onceover. */
export interface GuardedFigures {
  readonly hourly: HourlyFigures
  readonly requests: RequestFigures
}

/**
 * Hour after hour every worker runs the naive generator, as all copies of the application did; then
 * each sends the same request for a series, half of them with the weekdays turned round.
 */
export function naiveTrial(trial: Trial): Promise<NaiveFigures> {
  return withSchool(trial.url, CONNECTIONS, async ({ pool }) => {
    await openFor(trial, pool)
    const run = (check: NaiveCheck, count: number) =>
      hours(trial, pool, count, (at) => ({ kind: 'naive-run', check, ...at }))
    const unchecked = await run('none', TRIAL.hours)
    await emptySessions(pool)
    const checked = await run('select-first', 1)
    return { unchecked, checked, requests: await requests(trial, pool, 'naive-series') }
  })
}

/** The same work and workers through Onceover. */
export function guardedTrial(trial: Trial): Promise<GuardedFigures> {
  return withSchool(trial.url, CONNECTIONS, async ({ once, pool }) => {
    await openFor(trial, pool)
    await once.migrate()
    await enforceGuards({ once, pool })
    const done = await hours(trial, pool, TRIAL.hours, (at) => ({ kind: 'run', ...at }))
    const skips = await skippedSessions(once, { since: '1d', limit: 1000 })
    const hourly = { ...done, recorded: skips.length }
    return { hourly, requests: await requests(trial, pool, 'series') }
  })
}

async function openFor({ progress }: Trial, pool: Pool): Promise<void> {
  progress(`class-sessions: ${TRIAL.series} series, ${TRIAL.hours} hourly runs`)
  await createTables(pool)
  await loadRows(pool, healthyRows(TRIAL.series))
}

type At = { readonly url: string; readonly now: string; readonly days: number }

async function hours(
  { url, workers, run }: Trial,
  pool: Pool,
  count: number,
  taskAt: (at: At) => Task,
): Promise<HourlyFigures> {
  const sessions: number[] = []
  const done: Work[] = []
  for (let hour = 0; hour < count; hour += 1) {
    const at = { url, now: iso(FIRST_HOUR + hour * HOUR), days: TRIAL.days }
    done.push(...(await run(Array.from({ length: workers }, () => taskAt(at)))))
    sessions.push(await countOf(pool, COUNT_SESSIONS))
  }
  const wanted = (done[0]?.created ?? 0) + (done[0]?.skipped ?? 0)
  return { wanted, sessions, ...total(done), recorded: 0 }
}

async function requests(
  { url, workers, run }: Trial,
  pool: Pool,
  kind: 'naive-series' | 'series',
): Promise<RequestFigures> {
  const person = healthyRows(TRIAL.series + 1).class_series.at(-1)
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
  return {
    requests: workers,
    series: await countOf(pool, COUNT_SERIES, student_id),
    ...total(done),
  }
}

const total = (done: readonly Work[]): Work => ({
  created: done.reduce((sum, work) => sum + work.created, 0),
  skipped: done.reduce((sum, work) => sum + work.skipped, 0),
})

async function countOf(pool: Pool, statement: string, ...values: string[]): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(statement, values)
  return rows[0]?.n ?? 0
}
