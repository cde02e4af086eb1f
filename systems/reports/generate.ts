import type { Handle, Onceover } from 'onceover'
import { type ReportGenerator, type ReportRange, reportGenerator } from './generator.ts'
import {
  type Outcome,
  outcomeOf,
  type Tally,
  type Told,
  tallying,
  unknownStudent,
} from './outcome.ts'
import { isTimeZone, type Period, type Window, windowAt, windowOn } from './period.ts'
import { activeZones, zonesOf } from './students.ts'
import { templateWriter } from './template-writer.ts'
import type { ReportWriter } from './writer.ts'

/** What the functions of this system work with. */
export interface ReportSystem {
  readonly once: Onceover
  /** For reading. */
  readonly pool: Handle
  readonly generator: ReportGenerator
}

/** Opens the system on a database, with the writer of its reports. */
export const openReports = (
  once: Onceover,
  pool: Handle,
  writer: ReportWriter = templateWriter,
): ReportSystem => ({ once, pool, generator: reportGenerator(pool, writer) })

/** Which period is meant, what becomes of a batch that exists, and who asks. */
export interface Wish {
  readonly period: Period
  /** A local date in the period; without one, each student's own today. */
  readonly date?: string | undefined
  /** `replace`, the default, refreshes a batch whose data has changed; `skip` leaves it alone. */
  readonly onDuplicate?: 'replace' | 'skip' | undefined
  readonly actor?: string | undefined
  readonly reason?: string | undefined
}

/** What came of a request for many students. */
export interface Answer {
  /** Onceover's run, by which its events can be asked for; null for a preview. */
  readonly run: string | null
  readonly totals: Tally
  /** One per student: of those asked for in their order, of a run over all the first thousand. */
  readonly outcomes: readonly Outcome[]
  /** Time zones of active students that cannot be read: nothing is made for these students. */
  readonly unreadableZones: readonly { readonly timeZone: string; readonly students: number }[]
}

const WAIT = '20s'
const CONCURRENCY = 8
const MAX_OUTCOMES = 1_000

function windowFor({ period, date }: Wish, timeZone: string): Window {
  if (date !== undefined) return windowOn(period, timeZone, date)
  return windowAt(period, timeZone, new Date().toISOString())
}

const policyOf = ({ onDuplicate = 'replace', actor, reason }: Wish) => ({
  onDuplicate,
  ...(actor !== undefined && { actor }),
  ...(reason !== undefined && { reason }),
})

const unitOf = (wish: Wish, student: { readonly id: string; readonly timeZone: string }) => {
  const input = windowFor(wish, student.timeZone)
  return { key: { user_id: student.id, period: wish.period, start_date: input.startDate }, input }
}

/**
 * Generates one student's reports; where another request is at it, waits for what comes of that.
 * Undefined where there is no such student.
 */
export async function generateOne(
  { once, pool, generator }: ReportSystem,
  userId: string,
  wish: Wish,
): Promise<(Outcome & { readonly run: string }) | undefined> {
  const [student] = await zonesOf(pool, [userId])
  if (!student) return undefined
  const unit = unitOf(wish, student)
  const { run, ...verdict } = await once.runOne(generator, unit, { ...policyOf(wish), wait: WAIT })
  return { run, ...outcomeOf(verdict) }
}

/** Generates the reports of these students, or of all active ones, in one run. */
export async function generateMany(
  system: ReportSystem,
  wish: Wish,
  userIds?: readonly string[],
): Promise<Answer> {
  const { once, generator, pool } = system
  const options = { ...policyOf(wish), concurrency: CONCURRENCY }
  if (userIds) {
    const { units, answer } = await theseStudents(pool, wish, userIds)
    const { run, verdicts } = await once.run(generator, units, { ...options, wait: WAIT })
    return answer(run, verdicts)
  }
  const { range, unreadableZones } = await allStudents(pool, wish)
  const { onVerdicts, totals, outcomes } = collecting()
  const { run } = await once.run(generator, range, { ...options, onVerdicts })
  return { run, totals, outcomes, unreadableZones }
}

/**
 * Tries again, at once, what failed or has used up its attempts, whichever period it is of, and
 * generates what is missing for the active students.
 */
export async function retryAll(
  { once, generator, pool }: ReportSystem,
  wish: Omit<Wish, 'onDuplicate'>,
): Promise<Answer> {
  const { range, unreadableZones } = await allStudents(pool, wish)
  const { onVerdicts, totals, outcomes } = collecting()
  const { onDuplicate: _, ...asker } = policyOf(wish)
  const options = { ...asker, range, concurrency: CONCURRENCY, onVerdicts }
  const { run } = await once.retry(generator, options)
  return { run, totals, outcomes, unreadableZones }
}

/** Verdicts as they fall, counted all, kept the first thousand. */
function collecting() {
  const { add, tally } = tallying()
  const outcomes: Outcome[] = []
  const onVerdicts = (verdicts: readonly Told[]) => {
    for (const outcome of verdicts.map(outcomeOf)) {
      add(outcome)
      if (outcomes.length < MAX_OUTCOMES) outcomes.push(outcome)
    }
  }
  return { onVerdicts, totals: tally, outcomes }
}

/** Says what `generateMany` would do; writes nothing and pays for nothing. */
export async function previewMany(
  { once, generator, pool }: ReportSystem,
  wish: Wish,
  userIds?: readonly string[],
): Promise<Answer> {
  if (userIds) {
    const { units, answer } = await theseStudents(pool, wish, userIds)
    return answer(null, (await once.preview(generator, units, policyOf(wish))).verdicts)
  }
  const { range, unreadableZones } = await allStudents(pool, wish)
  const { verdicts } = await once.preview(generator, range, policyOf(wish))
  return { ...answerOf(null, verdicts.map(outcomeOf)), unreadableZones }
}

function answerOf(run: string | null, outcomes: readonly Outcome[]): Answer {
  const { add, tally } = tallying()
  outcomes.forEach(add)
  return { run, totals: tally, outcomes: outcomes.slice(0, MAX_OUTCOMES), unreadableZones: [] }
}

/** The units of these students; ids that no student has come back in the answer, in their place. */
async function theseStudents(pool: Handle, wish: Wish, userIds: readonly string[]) {
  const students = await zonesOf(pool, userIds)
  const units = students.flatMap((student) => (student ? [unitOf(wish, student)] : []))
  const answer = (run: string | null, verdicts: readonly Told[]) => {
    const known = verdicts.map(outcomeOf).values()
    const outcomes = students.map((student, place) => {
      const outcome = student && known.next().value
      return outcome ?? unknownStudent(userIds[place] ?? '', wish.period)
    })
    return answerOf(run, outcomes)
  }
  return { units, answer }
}

/** The range of all active students: a window for each time zone that one of them lives in. */
async function allStudents(pool: Handle, wish: Wish) {
  const zones = await activeZones(pool)
  const range: ReportRange = {
    period: wish.period,
    windows: zones
      .filter(({ timeZone }) => isTimeZone(timeZone))
      .map(({ timeZone }) => windowFor(wish, timeZone)),
  }
  return { range, unreadableZones: zones.filter(({ timeZone }) => !isTimeZone(timeZone)) }
}
