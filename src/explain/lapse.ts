const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S

/** A lapse of seconds in words, in a unit of which there are two at least: `1.9 s`, `621 days`. */
export function lapse(seconds: number): string {
  if (seconds < 2 * MINUTE_S) return `${Number(seconds.toFixed(1))} s`
  if (seconds < 2 * HOUR_S) return `${Math.floor(seconds / MINUTE_S)} minutes`
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / HOUR_S)} hours`
  return `${Math.floor(seconds / DAY_S)} days`
}
