import type { Handle } from 'onceover'
import { Temporal } from 'temporal-polyfill'

/** Today's date by the database's clock, 'YYYY-MM-DD': what is furnished is furnished around it. */
export async function today(handle: Handle): Promise<string> {
  const { rows } = await handle.query('SELECT current_date::text AS today')
  return String(rows[0]?.today)
}

/** The date so many days later; earlier where `days` is below 0. */
export const addDays = (date: string, days: number): string =>
  Temporal.PlainDate.from(date).add({ days }).toString()

/** The day of the week of a date: 1 is Monday, 7 is Sunday. */
export const weekday = (date: string): number => Temporal.PlainDate.from(date).dayOfWeek

/** The earlier of two dates. */
export const earlier = (a: string, b: string): string => (a < b ? a : b)
