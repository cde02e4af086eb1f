const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

// What a timer of Node can wait for; more than that fires at once.
const LONGEST_MS = 2 ** 31 - 1

/**
 * A length of time such as `500ms`, `10s`, `5m`, `2h` or `1d`, in milliseconds; undefined for
 * anything else, and for more than 24 days.
 */
export function durationMs(text: unknown): number | undefined {
  const [, amount, unit = ''] = (typeof text === 'string' && DURATION.exec(text)) || []
  const ms = Math.round(Number(amount) * (UNITS_MS[unit] ?? Number.NaN))
  return ms <= LONGEST_MS ? ms : undefined
}
