import type { KeyPart } from '../core/key-part.ts'
import {
  type Refusal,
  refuseDate,
  refuseInexact,
  refuseInside,
  refuseInt,
  refuseTime,
  refuseTimestamp,
  refuseUuid,
} from '../core/key-value.ts'
import { NAME_BYTES } from '../postgres/identifier.ts'
import type { Column } from './table.ts'

const OFFSET = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/
const FRACTION = /:\d{2}\.(\d+)/
// What most times are: neither an offset nor digits of a second that could be lost.
const WHOLE_SECONDS = /^[\d:]+$/
const FOREVER: readonly unknown[] = ['infinity', '-infinity']

// What a text of a type may look like; other spellings depend on settings such as DateStyle.
const SHAPES: Readonly<Record<string, Refusal>> = {
  date: (value) => (FOREVER.includes(value) ? undefined : refuseDate(value)),
  time: refuseTime,
  timetz: refuseTime,
  timestamp: (value) => (FOREVER.includes(value) ? undefined : refuseTimestamp(value)),
  timestamptz: (value) => (FOREVER.includes(value) ? undefined : refuseTimestamp(value)),
  uuid: refuseUuid,
}

const LOCAL = new Set(['time', 'timestamp'])
const ZONED = new Set(['timetz', 'timestamptz'])

// PostgreSQL ignores an offset where a type has none, and takes the session's where it is missing.
function refuseOffset(value: unknown, base: string): string | undefined {
  if (value instanceof Date) {
    return LOCAL.has(base) ? 'a Date has no local time: give text without an offset' : undefined
  }
  if (typeof value !== 'string' || FOREVER.includes(value)) return undefined
  const offset = OFFSET.test(value.replace(/^\d{4}-\d{2}-\d{2}/, ''))
  if (offset && LOCAL.has(base)) return `a ${base} has no offset, and this one would be ignored`
  if (!offset && ZONED.has(base)) return 'the offset is missing'
  return undefined
}

// PostgreSQL would round to what the column keeps, and two keys would become one.
function refuseDigits(value: unknown, digits: number): string | undefined {
  const text = value instanceof Date ? value.toISOString() : String(value)
  const fraction = FRACTION.exec(text)?.[1] ?? ''
  return /[1-9]/.test(fraction.slice(digits))
    ? `the column keeps ${digits} digits of a second, and this has more`
    : undefined
}

const ITEMS: readonly (readonly [bases: RegExp, type: string, words: string])[] = [
  [/^_(text|varchar|bpchar|citext|name)$/, 'string', 'texts'],
  [/^_(int2|int4|int8|numeric|float4|float8)$/, 'number', 'numbers'],
  [/^_bool$/, 'boolean', 'booleans'],
]

// PostgreSQL would write the number 1 as the text '1' into an array of texts.
function refuseItems(value: unknown, base: string): string | undefined {
  const [, type, words] = ITEMS.find(([bases]) => bases.test(base)) ?? []
  return type && Array.isArray(value) && value.some((item) => typeof item !== type)
    ? `its items are not all ${words}`
    : undefined
}

function refuseOn(value: unknown, part: KeyPart, column: Column): string | undefined {
  const { base, secondDigits } = column
  if (part.kind === 'column') {
    const shape = base === 'int2' || base === 'int4' || base === 'int8' ? 'int' : base
    if (shape === 'int' && typeof value !== 'string') return refuseInt(value)
    if (base === 'numeric') return refuseInexact(value)
    const words = SHAPES[base]?.(value)
    if (words) return words
  }
  if (secondDigits !== undefined) {
    if (base === 'time' && WHOLE_SECONDS.test(String(value))) return undefined
    return refuseOffset(value, base) ?? refuseDigits(value, secondDigits)
  }
  if (base === 'name' && Buffer.byteLength(String(value)) > NAME_BYTES) {
    return 'PostgreSQL would cut it at 63 bytes'
  }
  if (column.collection === 'jsonb') return refuseInside(value)
  return column.collection === 'array' ? refuseItems(value, base) : undefined
}

/** A key part that also refuses what its column would change on the way in: other keys merge so. */
export const onColumn = (part: KeyPart, column: Column): KeyPart =>
  Object.freeze({
    ...part,
    refuse: (value: unknown) => part.refuse(value) ?? refuseOn(value, part, column),
  })
