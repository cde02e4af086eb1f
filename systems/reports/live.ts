import type { Handle } from 'onceover'
import { addDays, earlier } from '../days.ts'
import { type Furnishing, type LiveSystem, pageOf, type Rerun, type Told } from '../live-system.ts'
import {
  addAttempts,
  addSessions,
  createSchema,
  deedsOf,
  plantStudents,
  student,
} from './fixture.ts'
import { generateMany, generateOne, openReports, type ReportSystem } from './generate.ts'
import { reportBatches } from './guards.ts'
import { endKillWorkers } from './kill.ts'
import { type KillOptions, killWorker } from './live-kill.ts'
import { Outages } from './outages.ts'
import { windowAt, windowOn } from './period.ts'
import { templateWriter } from './template-writer.ts'

/** How many students there are, and for how many weeks they have reports in the end. */
const STUDENTS = 24
const WEEKS = 12
/** As many as a matrix shows at first: the earlier ones can come while one looks. */
const FIRST_WEEKS = 4

/** Nobody asked for these students' reports of this week. */
const MISSING = [4, 10, 17] as const
/** The writer failed for these: last week's neighbour, and this week. */
const FAILED = [7, 20] as const
const FAILED_BEFORE = 13
const FAILED_WEEKS_AGO = 2
/** This one's parents asked twice. */
const ASKED_AGAIN = 1

const BACKFILL = { actor: 'weekly job', reason: 'earlier weeks, added later' } as const
const CRON = { actor: 'weekly job', reason: 'the reports of the week' } as const

/** The reports as they live, and the system that made them. */
export interface LiveReports extends LiveSystem {
  readonly system: ReportSystem
  /** Kills a worker in the middle of the reports of new students. */
  kill(): Promise<Told>
}

/** How they are furnished; by default as the demo is. */
export interface ReportsOptions extends KillOptions {
  /** How many weeks have reports in the end. */
  readonly weeks?: number
}

/**
 * Twelve weeks of reports for 24 students, by the system's own code. This week nobody asked for
 * three of them, the writer failed for two, and one was asked for twice; two weeks ago it failed
 * for one. The writer works again by now. The weeks before the last four come when it begins.
 */
export async function furnishReports(
  furnishing: Furnishing,
  { weeks = WEEKS, ...killing }: ReportsOptions = {},
): Promise<LiveReports> {
  const { once, pool, today } = furnishing
  await createSchema(pool)
  await plantStudents(pool, { students: STUDENTS, week: today })
  for (let pair = 1; 2 * pair <= weeks; pair++) {
    const week = addDays(today, -14 * pair)
    const { attempts, sessions } = deedsOf({ students: STUDENTS, week, seed: pair + 1 })
    await addAttempts(pool, attempts)
    await addSessions(pool, sessions)
  }
  await once.enforce(reportBatches)
  const outages = new Outages(templateWriter)
  const system = openReports(once, pool, outages)
  for (const group of calendars(today)) await writeWeeks(system, group, outages)
  const again = { period: 'weekly', date: today, onDuplicate: 'skip' } as const
  await generateOne(system, student(ASKED_AGAIN).id, {
    ...again,
    actor: 'parents',
    reason: 'asked again',
  })
  const closing = new AbortController()
  let earlierWeeks: Promise<void> | undefined
  return {
    system,
    guards: [reportBatches],
    generators: [system.generator],
    example: {
      path: `/reports/students/${student(MISSING[2]).id}/batches`,
      body: { period: 'weekly', date: today },
    },
    planted: {
      says:
        `${STUDENTS} students × ${weeks} weeks of reports. This week ${MISSING.length} are ` +
        `missing, ${FAILED.length} failed, one was asked for twice.`,
      see: pageOf(reportBatches, 'matrix'),
    },
    rerun: () => rerun(system, pool, today),
    kill: () => killWorker(furnishing, killing),
    begin: () => {
      earlierWeeks = backfill(system, today, weeks, closing.signal).catch(() => undefined)
    },
    close: async () => {
      closing.abort()
      endKillWorkers()
      await earlierWeeks
    },
  }
}

/** Students for whom it is the same week. */
interface Calendar {
  /** A date of it. */
  readonly date: string
  readonly students: readonly number[]
}

// Where the database's Monday has begun and a student's has not, this week is another one for each.
function calendars(today: string): Calendar[] {
  const now = new Date().toISOString()
  const weeks = new Map<string, number[]>()
  for (let n = 0; n < STUDENTS; n++) {
    const { startDate, endDate } = windowAt('weekly', student(n).timeZone, now)
    const date = endDate < today ? startDate : earlier(today, endDate)
    weeks.set(date, [...(weeks.get(date) ?? []), n])
  }
  return [...weeks].map(([date, students]) => ({ date, students }))
}

async function writeWeeks(
  system: ReportSystem,
  { date, students }: Calendar,
  outages: Outages,
): Promise<void> {
  const not = (others: readonly number[]) => students.filter((n) => !others.includes(n))
  for (let ago = FIRST_WEEKS - 1; ago >= 0; ago--) {
    const failing = ago === 0 ? FAILED : ago === FAILED_WEEKS_AGO ? [FAILED_BEFORE] : []
    const ids = (ago === 0 ? not(MISSING) : students).map((n) => student(n).id)
    outages.of(failing.map((n) => student(n).name))
    const wish = { period: 'weekly', date: addDays(date, -7 * ago), ...CRON } as const
    await generateMany(system, wish, ids)
  }
  outages.of([])
}

/** The weeks before those that were written first: one run over all of them. */
async function backfill(
  { once, generator }: ReportSystem,
  today: string,
  weeks: number,
  signal: AbortSignal,
): Promise<void> {
  const mondayOf = (ago: number) => windowOn('weekly', 'UTC', addDays(today, -7 * ago)).startDate
  const [from, to] = [mondayOf(weeks - 1), mondayOf(FIRST_WEEKS)]
  if (from > to) return
  const range = { period: 'weekly', from, to } as const
  await once.run(generator, range, { ...BACKFILL, signal })
}

/** Whose weekly reports stand that began on `$1` or later, by the day on which their week began. */
const MADE_SINCE = `
  SELECT start_date::text AS date, array_agg(user_id::text ORDER BY user_id) AS students
  FROM parent_report_batches
  WHERE period = 'weekly' AND start_date > $1::date AND status = 'completed'
  GROUP BY start_date ORDER BY start_date`

async function rerun(system: ReportSystem, pool: Handle, today: string): Promise<Rerun> {
  const { rows } = await pool.query(MADE_SINCE, [addDays(today, -7)])
  const total = { asked: 0, made: 0, skipped: 0 }
  for (const { date, students } of rows) {
    const wish = { period: 'weekly', date: String(date), onDuplicate: 'skip' } as const
    const asked = students as string[]
    const { totals } = await generateMany(system, { ...wish, ...RERUN }, asked)
    total.asked += asked.length
    total.made += totals.created + totals.replaced
    total.skipped += totals.exists + totals.unchanged
  }
  return { what: 'reports', ...total }
}

const RERUN = { actor: 'keyboard', reason: 'everything of this week again' } as const
