const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const DAY_MS = 86_400_000

const named = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options })
const monthName = named({ month: 'short', year: 'numeric' })
const wholeName = named({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })

/** The day that a period is, at midnight UTC; undefined where it is no day. */
export function dayOf(period: string): Date | undefined {
  return DAY.test(period) ? new Date(`${period}T00:00:00Z`) : undefined
}

/** A day as it stands in an address and in a key. */
export const isoDay = (day: Date): string => day.toISOString().slice(0, 10)

/** The day some days later, or earlier. */
export const plusDays = (day: Date, days: number): Date => new Date(day.getTime() + days * DAY_MS)

/** Whether all periods are days: then they are laid out by months. */
export const areDays = (periods: readonly string[]): boolean =>
  periods.length > 0 && periods.every((period) => DAY.test(period))

/** What the head of a column says: the number of the day, or the period itself. */
export const headOf = (period: string): string => {
  const day = dayOf(period)
  return day ? String(day.getUTCDate()) : period.replace(/T00:00(:00)?(\.0+)?(Z|\+00:?0*)?$/, '')
}

const MONTH_COLUMNS = 3

const beginsMonth = (periods: readonly string[], place: number): boolean =>
  periods[place - 1]?.slice(0, 7) !== periods[place]?.slice(0, 7)

/**
 * The month over a column: where it begins, and over the first column in sight, unless the next
 * month begins so soon that the two would stand on each other.
 */
export function monthAt(
  periods: readonly string[],
  place: number,
  first: number,
): string | undefined {
  const day = dayOf(periods[place] ?? '')
  if (!day) return undefined
  if (beginsMonth(periods, place)) return monthName.format(day)
  const near = Array.from({ length: MONTH_COLUMNS }, (_, step) => place + step + 1)
  const soon = near.some((next) => next < periods.length && beginsMonth(periods, next))
  return place === first && !soon ? monthName.format(day) : undefined
}

/** The month of a day, with its year. */
export const monthOf = (day: Date): string => monthName.format(day)

/** A period in words: `Thu, 23 Oct 2025`. */
export const wordsOf = (period: string): string => {
  const day = dayOf(period)
  return day ? wholeName.format(day) : period
}

/** Whether a period is a Saturday or a Sunday. */
export const isWeekend = (period: string): boolean => {
  const day = dayOf(period)?.getUTCDay()
  return day === 0 || day === 6
}
