import { OnceoverError } from '../core/error.ts'
import { refuseText } from '../core/key-value.ts'

const MAX_DEPTH = 500

function refuseObject(value: object, depth: number): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'it is not a time' : undefined
  if (ArrayBuffer.isView(value)) return 'bytes can stand in a bytea column only'
  if (value instanceof Map || value instanceof Set) {
    return `a ${value.constructor.name} is not a value that JSON can hold`
  }
  if (depth > MAX_DEPTH) return 'it is nested too deeply, or contains itself'
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    try {
      return refuseValue(value.toJSON(), depth + 1)
    } catch (error) {
      return `its toJSON fails: ${error instanceof Error ? error.message : error}`
    }
  }
  for (const [name, item] of Object.entries(value)) {
    const words = refuseText(name) ?? refuseValue(item, depth + 1)
    if (words) return words
  }
  return undefined
}

/**
 * Why JSON would lose or change a value on its way: NaN becomes null, a lone surrogate U+FFFD, a
 * Map an empty object. Undefined where it does not.
 *
 * @param depth how deep the value stands in another
 */
export function refuseValue(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
      return refuseText(value)
    case 'number':
      return Number.isFinite(value) ? undefined : `${value} is not a number that JSON can hold`
    case 'function':
    case 'symbol':
      return `a ${typeof value} is not a value`
    case 'object':
      return value === null ? undefined : refuseObject(value, depth)
  }
  return undefined
}

/** Bytes as the text of a bytea. */
export const hexOf = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`

// All rows of an array are put in one order by one statement, which takes one text.
const tooLong = (cause: RangeError): OnceoverError =>
  new OnceoverError('INPUT_INVALID', {
    message: 'The rows together are longer than the longest text of this process, 512 MB.',
    fix: 'Use insertStream(), which sends a chunk at a time, or insert a sql`SELECT …`.',
    cause,
  })

/**
 * A value as JSON text, with bigint as text. A replacer makes JSON.stringify several times slower,
 * so it runs only where a bigint needs it.
 */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) throw tooLong(error)
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item))
  }
}

/** A value of an input as far as it can be written down: what cannot be is null. */
export function writtenDown(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD')
  if (value instanceof Uint8Array) return hexOf(value)
  if (value === undefined || refuseValue(value)) return null
  return typeof value === 'object' || typeof value === 'bigint' ? JSON.parse(toJson(value)) : value
}
