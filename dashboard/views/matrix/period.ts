const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const DAY_MS = 86_400_000

const named = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options })
const monthName = named({ month: 'short', year: 'numeric' })
const shortName = named({ day: 'numeric', month: 'short' })
const wholeName = named({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })

/** The day that a period is, at midnight UTC; undefined where it is no day. */
export function dayOf(period: string): Date | undefined {
  return DAY.test(period) ? new Date(`${period}T00:00:00Z`) : undefined
}

/** A day as it stands in an address and in a key. */
export const isoDay = (day: Date): string => day.toISOString().slice(0, 10)

/** The day some days later, or earlier. */
export const plusDays = (day: Date, days: number): Date => new Date(day.getTime() + days * DAY_MS)

/** How many days lie between two. */
export const daysBetween = (from: Date, to: Date): number =>
  Math.round((to.getTime() - from.getTime()) / DAY_MS)

/** Whether all periods are days: then they are laid out by months. */
export const areDays = (periods: readonly string[]): boolean =>
  periods.length > 0 && periods.every((period) => DAY.test(period))

/** What the head of a column says: the number of the day, or the period itself. */
export const headOf = (period: string): string => {
  const day = dayOf(period)
  return day ? String(day.getUTCDate()) : period.replace(/T00:00(:00)?(\.0+)?(Z|\+00:?0*)?$/, '')
}

const beginsMonth = (periods: readonly string[], place: number): boolean =>
  periods[place - 1]?.slice(0, 7) !== periods[place]?.slice(0, 7)

/** A name of a month, and the width in pixels that it needs. */
const MONTH_NAMES = [
  [74, monthName],
  [32, named({ month: 'short' })],
] as const

/**
 * The month over a column: where it begins, and over the first column in sight; shorter, or not at
 * all, where the next month would stand on it.
 *
 * @param width of a column, in pixels
 */
export function monthAt(
  periods: readonly string[],
  place: number,
  { first, width }: { readonly first: number; readonly width: number },
): string | undefined {
  const day = dayOf(periods[place] ?? '')
  if (!day || !(beginsMonth(periods, place) || place === first)) return undefined
  let next = place + 1
  while (next < periods.length && !beginsMonth(periods, next)) next++
  const room = next === periods.length ? Number.POSITIVE_INFINITY : (next - place) * width
  return MONTH_NAMES.find(([needed]) => needed <= room)?.[1].format(day)
}

/** The month of a day, with its year. */
export const monthOf = (day: Date): string => monthName.format(day)

/** A period in words: `Thu, Oct 23, 2025`. */
export const wordsOf = (period: string): string => {
  const day = dayOf(period)
  return day ? wholeName.format(day) : period
}

/** A period in few words: `Oct 23`. */
export const shortOf = (period: string): string => {
  const day = dayOf(period)
  return day ? shortName.format(day) : headOf(period)
}

/** Whether a period is a Saturday or a Sunday. */
export const isWeekend = (period: string): boolean => {
  const day = dayOf(period)?.getUTCDay()
  return day === 0 || day === 6
}
