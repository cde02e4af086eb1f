import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'

/** How long a report looks back: a week from Monday, or a month from its first. */
export const PERIODS = ['weekly', 'monthly'] as const

/** A week from Monday, or a month from its first. */
export type Period = (typeof PERIODS)[number]

/** One period on one student's calendar, and the stretch of time that it is. */
export const window = z.object({
  /** Local dates, both included: `startDate` is the one of the key. */
  startDate: z.iso.date(),
  endDate: z.iso.date(),
  /** IANA name. */
  timeZone: z.string(),
  /** UTC instants: from `startsAt` up to, not including, `endsAt`. */
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  /** Where the period before begins; it ends at `startsAt`. */
  previousStartsAt: z.iso.datetime(),
})

/** One period on one student's calendar, and the stretch of time that it is. */
export type Window = Readonly<z.infer<typeof window>>

const LENGTH = { weekly: { weeks: 1 }, monthly: { months: 1 } } as const

/**
 * The period that an instant falls into, on the calendar of a time zone: at 20:00 UTC on a Sunday
 * it is Monday in Tokyo, and another week.
 *
 * @param instant ISO text with an offset or Z
 * @throws RangeError where the instant or the zone cannot be read
 */
export function windowAt(period: Period, timeZone: string, instant: string): Window {
  const today = Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate()
  return windowOn(period, timeZone, today.toString())
}

/**
 * The period that a local date falls into.
 *
 * @param date 'YYYY-MM-DD'
 * @throws RangeError where the date or the zone cannot be read
 */
export function windowOn(period: Period, timeZone: string, date: string): Window {
  const day = Temporal.PlainDate.from(date)
  const start =
    period === 'weekly' ? day.subtract({ days: day.dayOfWeek - 1 }) : day.with({ day: 1 })
  const next = start.add(LENGTH[period])
  // The first instant of a day, which is not 00:00 where the clocks go forward over midnight.
  const begins = (of: Temporal.PlainDate) => of.toZonedDateTime(timeZone).toInstant().toString()
  return {
    startDate: start.toString(),
    endDate: next.subtract({ days: 1 }).toString(),
    timeZone,
    startsAt: begins(start),
    endsAt: begins(next),
    previousStartsAt: begins(start.subtract(LENGTH[period])),
  }
}

/** The first days of the periods that begin between two local dates, both included, in order. */
export function startsBetween(period: Period, from: string, to: string): string[] {
  const starts: string[] = []
  // No zone is asked: on every calendar a week begins on a Monday.
  let start = Temporal.PlainDate.from(windowOn(period, 'UTC', from).startDate)
  for (; start.toString() <= to; start = start.add(LENGTH[period])) {
    if (start.toString() >= from) starts.push(start.toString())
  }
  return starts
}

/** Whether a time zone can be read: an IANA name, such as `Europe/Zurich`. */
export function isTimeZone(name: string): boolean {
  try {
    // An offset such as +02:00 can be read too, but has no summer: it is no student's calendar.
    return !/^[+-]/.test(name) && Boolean(Temporal.Now.zonedDateTimeISO(name))
  } catch {
    return false
  }
}
