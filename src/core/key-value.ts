/** Why a value cannot be what it should be (its shape or range), or undefined where it can. */
export type Refusal = (value: unknown) => string | undefined

/** Why a text cannot be stored by PostgreSQL as it is, or undefined where it can. */
export function refuseText(value: string): string | undefined {
  if (value.includes('\0')) return 'it contains a NUL character'
  // A lone surrogate would become U+FFFD on the way, and two different keys would merge.
  if (!value.isWellFormed()) return 'it contains a lone surrogate'
  return undefined
}

const matching =
  (pattern: RegExp, shape: string): Refusal =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `it is not ${shape}`

const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?([+-]\d{2}(:?\d{2})?)?$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DATE = /^\d{4}-\d\d-\d\d$/
const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)(Z|[+-]\d{2}(:?\d{2})?)?$/
const MAX_BIGINT = 2n ** 63n

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const daysOf = (year: number, month: number): number =>
  month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
    ? 29
    : (DAYS[month - 1] ?? 0)

/** Refuses what is no day of the calendar, `'YYYY-MM-DD'`, of the years 1 to 9999. */
export const refuseDate: Refusal = (value) => {
  if (typeof value !== 'string' || !DATE.test(value)) return "it is not a date 'YYYY-MM-DD'"
  // Cut and not captured: a Date and a match for every row cost more than the rest of the check.
  const year = Number(value.slice(0, 4))
  const day = Number(value.slice(8))
  return year > 0 && day > 0 && day <= daysOf(year, Number(value.slice(5, 7)))
    ? undefined
    : 'there is no such day'
}

/** Refuses what is no time of day, `'HH:MM[:SS[.ffffff]]'`, with an offset or without. */
export const refuseTime: Refusal = matching(TIME, "a time 'HH:MM[:SS]'")

const refuseDateObject = (value: Date): string | undefined => {
  if (Number.isNaN(value.getTime())) return 'it is not a time'
  const year = value.getUTCFullYear()
  return year > 0 && year <= 9999 ? undefined : 'its year is not 1 to 9999'
}

/** Refuses what is no point in time or local time: a Date, or ISO text of up to microseconds. */
export const refuseTimestamp: Refusal = (value) => {
  if (value instanceof Date) return refuseDateObject(value)
  const match = typeof value === 'string' ? TIMESTAMP.exec(value) : null
  if (!match) return "it is not a timestamp such as '2025-10-23T20:00:00Z'"
  return refuseDate(match[1]) ?? (TIME.test(match[2] ?? '') ? undefined : 'there is no such time')
}

/** Refuses what is no UUID in its usual form, of either case. */
export const refuseUuid: Refusal = matching(UUID, 'a UUID')

/** Refuses what is no whole number, or one that a number cannot hold exactly. */
export const refuseInt: Refusal = (value) => {
  if (typeof value === 'bigint') {
    return value >= -MAX_BIGINT && value < MAX_BIGINT ? undefined : 'it does not fit into a bigint'
  }
  return Number.isSafeInteger(value) ? undefined : 'it is not a safe integer'
}

/** Refuses what is no text that PostgreSQL can store as it is. */
export const refuseWords: Refusal = (value) =>
  typeof value === 'string' ? refuseText(value) : 'it is not a text'

/** Refuses a number beyond 2^53: another number may already have become it. */
export const refuseInexact: Refusal = (value) =>
  Number.isInteger(value) && !Number.isSafeInteger(value)
    ? 'it is a number beyond 2^53, which may have lost digits: give it as a bigint or a text'
    : undefined

const refuseItem: Refusal = (item) => {
  if (typeof item === 'string') return refuseText(item)
  if (typeof item === 'boolean' || Number.isFinite(item)) return refuseInexact(item)
  return 'its items are not all texts, numbers or booleans'
}

/** Refuses what is no list of texts, numbers and booleans. */
export const refuseSet: Refusal = (value) => {
  if (!Array.isArray(value)) return 'it is not an array'
  for (const item of value) {
    const words = refuseItem(item)
    if (words) return words
  }
  return undefined
}

/** Refuses what JSON cannot say as it is, by its outside; see `refuseInside`. */
export const refusePlain: Refusal = (value) => {
  switch (typeof value) {
    case 'string':
      return refuseText(value)
    case 'number':
      return Number.isFinite(value) ? undefined : 'it is not a finite number'
    case 'bigint':
    case 'boolean':
    case 'object':
      return undefined
    default:
      return `it is ${typeof value}, which is no value`
  }
}

/** Refuses a value of JSON whose inside would not arrive as it is: lost digits, no value. */
export function refuseInside(value: unknown): string | undefined {
  if (typeof value === 'bigint') return 'it has a bigint, which JSON would say as a text'
  if (typeof value === 'number') return refuseInexact(value)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined
  if (Array.isArray(value) && value.includes(undefined)) return 'it has an item without a value'
  for (const item of Object.values(value)) {
    const words = refuseInside(item)
    if (words) return words
  }
  return undefined
}
