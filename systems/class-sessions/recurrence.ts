import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'

/** A weekly pattern on one branch's wall clock. */
export interface Pattern {
  /** IANA time zone of the branch: 'Asia/Tokyo'. */
  readonly zone: string
  /** ISO weekdays, 1 = Monday … 7 = Sunday, in any order. */
  readonly daysOfWeek: readonly number[]
  /** Local wall-clock times, 'HH:MM' or 'HH:MM:SS'. */
  readonly startTime: string
  readonly endTime: string
}

/** Local dates 'YYYY-MM-DD', both included. */
export interface DateRange {
  readonly from: string
  readonly until: string
}

/**
 * How a local time stands on the clock of that day: `once`, as nearly always; `twice`, where the
 * clocks go back (the first of the two is meant); `never`, where they go forward over it.
 */
export type Clock = 'once' | 'twice' | 'never'

/** One date of a pattern. The local date and times are its identity, never the instant. */
export interface Occurrence {
  readonly date: string
  readonly clock: Clock
  /** The UTC instant at which it starts; null where that local time never comes. */
  readonly startsAt: string | null
}

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const

/**
 * The dates of a pattern in a range, in order. A date on which the pattern's start or end does not
 * exist is returned with clock `never` rather than left out or moved, so that nobody waits for a
 * class that was silently dropped.
 *
 * @throws RangeError where the zone, a date or a time cannot be read
 */
export function occurrences(pattern: Pattern, range: DateRange): Occurrence[] {
  return datesOf(pattern.daysOfWeek, range).map((date) => onTheClock(date, pattern))
}

/** Today's local date in a zone, at an instant given as ISO text with an offset or Z. */
export function localDate(instant: string, zone: string): string {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDate().toString()
}

/** The local dates from `from` over the next `days` days, the last one included. */
export function horizon(from: string, days: number): DateRange {
  return { from, until: Temporal.PlainDate.from(from).add({ days }).toString() }
}

/** Calendar dates only: UTC has no gaps, so no date is lost before its clock has been looked at. */
function datesOf(daysOfWeek: readonly number[], { from, until }: DateRange): string[] {
  const byDay = daysOfWeek.map((day) => {
    const name = WEEKDAYS[day - 1]
    if (name === undefined) throw new RangeError(`${day} is not an ISO weekday (1 to 7)`)
    return name
  })
  if (byDay.length === 0 || until < from) return []
  const midnight = (date: string) => Temporal.PlainDate.from(date).toZonedDateTime('UTC')
  const rule = new RRuleTemporal({
    freq: 'WEEKLY',
    byDay,
    tzid: 'UTC',
    dtstart: midnight(from),
    until: midnight(until),
  })
  return rule.all().map((date) => date.toPlainDate().toString())
}

function onTheClock(date: string, { zone, startTime, endTime }: Pattern): Occurrence {
  const start = readClock(date, startTime, zone)
  const end = readClock(date, endTime, zone)
  if (start.clock === 'never' || end.clock === 'never') {
    return { date, clock: 'never', startsAt: null }
  }
  return { date, clock: start.clock, startsAt: start.first.toInstant().toString() }
}

function readClock(date: string, time: string, zone: string) {
  const wall = Temporal.PlainDate.from(date).toPlainDateTime(time)
  const first = wall.toZonedDateTime(zone, { disambiguation: 'earlier' })
  const last = wall.toZonedDateTime(zone, { disambiguation: 'later' })
  if (first.equals(last)) return { clock: 'once' as const, first }
  const stands = first.toPlainDateTime().equals(wall)
  return { clock: stands ? ('twice' as const) : ('never' as const), first }
}
