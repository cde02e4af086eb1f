import { OnceoverError } from './error.ts'
import {
  type Refusal,
  refuseDate,
  refuseInt,
  refusePlain,
  refuseSet,
  refuseTime,
  refuseTimestamp,
  refuseUuid,
  refuseWords,
} from './key-value.ts'
import { refuseFragment } from './sql-fragment.ts'

/** What NULL in a part means: an invalid row, a value like any other, or equal to nothing. */
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
  /** Drop white space at both ends, that of Unicode included. */
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
  readonly refuse: Refusal
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

/** A part that PostgreSQL computes: rows have no value for it. */
export interface ExpressionPart extends KeyPart {
  readonly kind: 'expression'
}

/** What every part takes. */
export interface PartOptions<N extends Nulls = Nulls> {
  /** What NULL means. Default `reject`. */
  readonly nulls?: N
}

/** The value type of a part, with null where the part admits it. */
export type PartValue<Value, N extends Nulls> = [N] extends ['reject'] ? Value : Value | null

const refused = (message: string): OnceoverError =>
  new OnceoverError('GUARD_INVALID', { message: `A key part is not well declared: ${message}.` })

const isTexts = (values: unknown): values is readonly string[] =>
  Array.isArray(values) && !values.some(refuseWords)

const NULLS: readonly unknown[] = ['reject', 'equal', 'distinct', undefined]

function checkOptions(kind: PartKind, options: object, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw refused(`the options of ${kind}() are no object`)
  }
  const { nulls, trim, fold, forbid }: Readonly<Record<string, unknown>> = { ...options }
  const unknown = Object.keys(options).find((name) => !allowed.includes(name))
  if (unknown !== undefined) throw refused(`${kind}() has no option ${unknown}`)
  if (!NULLS.includes(nulls)) throw refused("nulls is 'reject', 'equal' or 'distinct'")
  if (forbid !== undefined && !isTexts(forbid)) throw refused('forbid is a list of texts')
  for (const [name, given] of Object.entries({ trim, fold })) {
    if (given !== undefined && typeof given !== 'boolean') {
      throw refused(`${name} is true or false`)
    }
  }
}

function make<Value, N extends Nulls>(
  kind: PartKind,
  options: PartOptions<N>,
  refuse: Refusal,
  more: Partial<Pick<KeyPart, 'form' | 'forbid' | 'values' | 'sql'>> = {},
): KeyPart<PartValue<Value, N>> {
  checkOptions(kind, options, kind === 'text' ? ['nulls', 'trim', 'fold', 'forbid'] : ['nulls'])
  return Object.freeze({
    kind,
    nulls: options.nulls ?? 'reject',
    refuse,
    form: Object.freeze(more.form ?? { trim: false, fold: false }),
    forbid: Object.freeze([...(more.forbid ?? [])]),
    values: Object.freeze([...(more.values ?? [])]),
    sql: more.sql ?? '',
  })
}

/** True for what the functions here return, whichever copy of the package made it. */
export const isKeyPart = (value: unknown): value is KeyPart =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  'nulls' in value &&
  'refuse' in value &&
  typeof value.refuse === 'function'

/** A day, `'YYYY-MM-DD'`, in a `date` column. A Date is refused: its day depends on a zone. */
export const date = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string, N>('date', options, refuseDate)

/** A time of day, `'HH:MM'` or `'HH:MM:SS.ffffff'`, in a `time` column. */
export const time = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string, N>('time', options, refuseTime)

/**
 * A point in time in a `timestamptz` column (text with an offset, or a Date), or a local time in a
 * `timestamp` column (text without an offset). A Date keeps milliseconds only.
 */
export const timestamp = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string | Date, N>('timestamp', options, refuseTimestamp)

/** A UUID, in a `uuid` column; upper and lower case are one. */
export const uuid = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string, N>('uuid', options, refuseUuid)

/** A whole number: a safe integer or a bigint, in a smallint, integer or bigint column. */
export const int = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<number | bigint, N>('int', options, refuseInt)

/** What a text part takes. */
export interface TextOptions<N extends Nulls = Nulls> extends PartOptions<N>, Partial<TextForm> {
  /** Values that stand in for a missing one, such as `'unknown'`: a row with one is invalid. */
  readonly forbid?: readonly string[]
}

/** A text. `trim` and `fold` change the key, never the stored value. */
export const text = <const N extends Nulls = 'reject'>(options: TextOptions<N> = {}) => {
  const { trim = false, fold = false, forbid = [] } = options ?? {}
  return make<string, N>('text', options, refuseWords, { form: { trim, fold }, forbid })
}

/** One of a few values, in a text or enum column. */
export const oneOf = <const V extends readonly string[]>(...values: V) => {
  if (values.length === 0) throw refused('oneOf() has no values')
  if (!isTexts(values)) throw refused('the values of oneOf() are not all texts')
  const twice = values.find((value, place) => values.indexOf(value) !== place)
  if (twice !== undefined) throw refused(`oneOf() names ${twice} twice`)
  const refuse: Refusal = (value) =>
    values.some((each) => each === value) ? undefined : `it is not ${values.join(' or ')}`
  return make<V[number], 'reject'>('oneOf', {}, refuse, { values })
}

/** An array whose order and repetitions do not matter, in an array or jsonb column. */
export const set = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<readonly (string | number | boolean)[], N>('set', options, refuseSet)

/**
 * An immutable SQL expression over the columns of the table, such as `lower(email)`, or the name
 * of a generated column.
 */
export const expression = (sql: string, options: PartOptions = {}): ExpressionPart => {
  if (typeof sql !== 'string' || sql.trim() === '') throw refused('expression() has no SQL')
  const fault = refuseFragment(sql)
  if (fault) throw refused(`the SQL of expression() ${fault}`)
  return Object.freeze({
    ...make<unknown, Nulls>('expression', options, () => undefined, { sql }),
    kind: 'expression',
  })
}

/** Any column whose type has equality, compared as its type compares. */
export const column = <const N extends Nulls = 'reject'>(options: PartOptions<N> = {}) =>
  make<string | number | bigint | boolean | object, N>('column', options, refusePlain)
