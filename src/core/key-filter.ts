import { OnceoverError } from './error.ts'
import { refuseText } from './key-value.ts'

const refuse = (why: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', {
    message: `The key cannot be read: ${why}.`,
    fix: "Give parts by name: { month: '2025-10-01' }.",
    cause,
  })

function check(name: string, value: unknown): unknown {
  const wrong = refuseText(name) ?? (typeof value === 'string' ? refuseText(value) : undefined)
  if (wrong !== undefined) throw refuse(wrong)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw refuse(`a ${typeof value} is not a value`)
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw refuse(`${value} is not a number that JSON can hold`)
  }
  return value
}

/**
 * Some parts of a key, to look for, as the JSON of an object.
 *
 * @throws OnceoverError USAGE for what JSON cannot hold
 */
export function keyFilter(key: unknown): string {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) throw refuse('it is no object')
  try {
    return JSON.stringify(key, check)
  } catch (error) {
    if (error instanceof OnceoverError) throw error
    throw refuse('it contains itself, or fails to say what it is', error)
  }
}
