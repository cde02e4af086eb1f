/** What NULL in a part means: an invalid row, a value like any other, or never equal to anything. */
export type Nulls = 'reject' | 'equal' | 'distinct'

/** The kinds of key parts; each reads certain column types. */
export type PartKind =
  | 'date'
  | 'time'
  | 'timestamp'
  | 'uuid'
  | 'int'
  | 'text'
  | 'oneOf'
  | 'set'
  | 'expression'
  | 'column'

/** How a text part becomes its key: each step is done by PostgreSQL. */
export interface TextForm {
  /** Drop white space at both ends. */
  readonly trim: boolean
  /** Lower case, in Unicode normal form C. */
  readonly fold: boolean
}

/**
 * One part of a key. `Value` is the TypeScript type of its values. The part is named by its column,
 * except an expression, whose name is free.
 */
export interface KeyPart<Value = unknown> {
  readonly kind: PartKind
  readonly nulls: Nulls
  /** Why a value cannot be this part (its shape or range), or undefined where it can. */
  readonly refuse: (value: unknown) => string | undefined
  readonly form: TextForm
  /** Values that stand in for a missing one: a row with one of them is invalid. */
  readonly forbid: readonly string[]
  /** The only values allowed, for `oneOf`. */
  readonly values: readonly string[]
  /** The SQL of an `expression` part. */
  readonly sql: string
  /** Carries the type only; never set. */
  readonly value?: Value
}

/** What every part takes. */
export interface PartOptions<N extends Nulls = Nulls> {
  /** What NULL means. Default `reject`. */
  readonly nulls?: N
}

/** The value type of a part, with null where the part admits it. */
export type PartValue<Value, N extends Nulls> = [N] extends ['reject'] ? Value : Value | null

type Refuse = KeyPart['refuse']

const make = <Value, N extends Nulls>(
  kind: PartKind,
  options: PartOptions<N>,
  refuse: Refuse,
  more: Partial<KeyPart<PartValue<Value, N>>> = {},
): KeyPart<PartValue<Value, N>> =>
  Object.freeze({
    kind,
    nulls: options.nulls ?? 'reject',
    refuse,
    form: { trim: false, fold: false },
    forbid: [],
    values: [],
    sql: '',
    ...more,
  })

/** Why a text cannot be stored by PostgreSQL as it is, or undefined where it can. */
export function refuseText(value: string): string | undefined {
  if (value.includes('\0')) return 'it contains a NUL character'
  // A lone surrogate would become U+FFFD on the way, and two different keys would merge.
  if (!value.isWellFormed()) return 'it contains a lone surrogate'
  return undefined
}

const matching =
  (pattern: RegExp, shape: string): Refuse =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `it is not ${shape}`

const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?([+-]\d{2}(:?\d{2})?)?$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)(Z|[+-]\d{2}(:?\d{2})?)?$/
const MAX_BIGINT = 2n ** 63n

const refuseDate: Refuse = (value) => {
  const match = typeof value === 'string' ? DATE.exec(value) : null
  if (!match) return "it is not a date 'YYYY-MM-DD'"
  const [, year, month, day] = match.map(Number) as [number, number, number, number]
  const last = new Date(Date.UTC(2000, month, 0)).getUTCDate()
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 && !leap ? 28 : last
  return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days
    ? undefined
    : 'there is no such day'
}

const refuseTimestamp: Refuse = (value) => {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'it is not a time' : undefined
  const match = typeof value === 'string' ? TIMESTAMP.exec(value) : null
  if (!match) return "it is not a timestamp such as '2025-10-23T20:00:00Z'"
  return refuseDate(match[1]) ?? (TIME.test(match[2] ?? '') ? undefined : 'there is no such time')
}

const refuseInt: Refuse = (value) => {
  if (typeof value === 'bigint') {
    return value >= -MAX_BIGINT && value < MAX_BIGINT ? undefined : 'it does not fit into a bigint'
  }
  return Number.isSafeInteger(value) ? undefined : 'it is not a safe integer'
}

const refuseWords: Refuse = (value) =>
  typeof value === 'string' ? refuseText(value) : 'it is not a text'

const refuseSet: Refuse = (value) => {
  if (!Array.isArray(value)) return 'it is not an array'
  for (const item of value) {
    const words = typeof item === 'string' ? refuseText(item) : undefined
    if (words) return words
    const plain = typeof item === 'string' || typeof item === 'boolean' || Number.isFinite(item)
    if (!plain) return 'its items are not all texts, numbers or booleans'
  }
  return undefined
}

/** A calendar day, `'YYYY-MM-DD'`, in a `date` column. A Date is refused: its day depends on a zone. */
export const date = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string, N>('date', options, refuseDate)

/** A time of day, `'HH:MM'` or `'HH:MM:SS.ffffff'`, in a `time` column. */
export const time = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string, N>('time', options, matching(TIME, "a time 'HH:MM[:SS]'"))

/**
 * A point in time in a `timestamptz` column (text with an offset, or a Date), or a local time in a
 * `timestamp` column (text without an offset). A Date keeps milliseconds only.
 */
export const timestamp = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string | Date, N>('timestamp', options, refuseTimestamp)

/** A UUID, in a `uuid` column; upper and lower case are one. */
export const uuid = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string, N>('uuid', options, matching(UUID, 'a UUID'))

/** A whole number: a safe integer or a bigint, in a smallint, integer or bigint column. */
export const int = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<number | bigint, N>('int', options, refuseInt)

/** What a text part takes. */
export interface TextOptions<N extends Nulls = Nulls> extends PartOptions<N>, Partial<TextForm> {
  /** Values that stand in for a missing one, such as `'unknown'`: a row with one is invalid. */
  readonly forbid?: readonly string[]
}

/** A text. `trim` and `fold` change the key, never the stored value. */
export const text = <const N extends Nulls = 'reject'>(options: TextOptions<N> = {}) =>
  make<string, N>('text', options, refuseWords, {
    form: { trim: options.trim ?? false, fold: options.fold ?? false },
    forbid: options.forbid ?? [],
  })

/** One of a few values, in a text or enum column. */
export const oneOf = <const V extends readonly string[]>(...values: V) =>
  make<V[number], 'reject'>(
    'oneOf',
    {},
    (value) => (values.includes(value as string) ? undefined : `it is not ${values.join(' or ')}`),
    { values },
  )

/** An array whose order and repetitions do not matter, in an array or jsonb column. */
export const set = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<readonly (string | number | boolean)[], N>('set', options, refuseSet)

/** An immutable SQL expression over the columns of the table, such as `lower(email)`. */
export const expression = <const N extends Nulls = 'reject'>(
  sql: string,
  options: PartOptions<N> = {},
) => make<never, N>('expression', options, () => undefined, { sql })

/** Any column whose type has equality, compared as its type compares. */
export const column = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string | number | bigint | boolean, N>('column', options, (value) =>
    typeof value === 'string' ? refuseText(value) : undefined,
  )
