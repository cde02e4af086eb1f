import type { Handle } from 'onceover'
import type { ReportRange } from './generator.ts'
import { type Outcome, outcomeOf, type Told, unknownStudent, unreadableZone } from './outcome.ts'
import { isTimeZone, type Period, type Window, windowAt, windowOn } from './period.ts'
import { activeZones, zonesOf } from './students.ts'

/** Which period is meant. */
export interface PeriodWish {
  readonly period: Period
  /** A local date in the period; without one, each student's own today. */
  readonly date?: string | undefined
}

function windowFor({ period, date }: PeriodWish, timeZone: string): Window {
  if (date !== undefined) return windowOn(period, timeZone, date)
  return windowAt(period, timeZone, new Date().toISOString())
}

/** What can be generated: a student's key, and the window on the student's calendar. */
export interface ReportUnit {
  readonly key: { readonly user_id: string; readonly period: Period; readonly start_date: string }
  readonly input: Window
}

/**
 * What can be generated for students, in the order of their ids; for an id that no student has and
 * for one whose calendar nobody can tell, the outcome instead.
 */
export async function unitsOf(
  pool: Handle,
  wish: PeriodWish,
  userIds: readonly string[],
): Promise<(ReportUnit | Outcome)[]> {
  const { period } = wish
  const students = await zonesOf(pool, userIds)
  return students.map((student, place) => {
    if (!student) return unknownStudent(userIds[place] ?? '', period)
    const { id, timeZone } = student
    if (!isTimeZone(timeZone)) return unreadableZone(id, period, timeZone)
    const input = windowFor(wish, timeZone)
    return { key: { user_id: id, period, start_date: input.startDate }, input }
  })
}

/** Whether it can be generated. */
export const isUnit = (each: ReportUnit | Outcome): each is ReportUnit => 'key' in each

/** The outcomes in the order of the ids: `verdicts` are those of the units among `selected`. */
export function inOrder(
  selected: readonly (ReportUnit | Outcome)[],
  verdicts: readonly Told[],
): Outcome[] {
  const told = verdicts.values()
  return selected.flatMap((each) => {
    if (!isUnit(each)) return [each]
    const { value } = told.next()
    return value ? [outcomeOf(value)] : []
  })
}

/** Time zones that cannot be read, and how many active students live by each. */
export type UnreadableZones = readonly { readonly timeZone: string; readonly students: number }[]

/** All active students: a window for each time zone that one of them lives in. */
export async function allStudents(
  pool: Handle,
  wish: PeriodWish,
): Promise<{ readonly range: ReportRange; readonly unreadableZones: UnreadableZones }> {
  const zones = await activeZones(pool)
  const range: ReportRange = {
    period: wish.period,
    windows: zones
      .filter(({ timeZone }) => isTimeZone(timeZone))
      .map(({ timeZone }) => windowFor(wish, timeZone)),
  }
  return { range, unreadableZones: zones.filter(({ timeZone }) => !isTimeZone(timeZone)) }
}
