import { type Guard, OnceoverError, type RowValues } from '../index.ts'

const WHOLE = /^-?\d{1,19}$/

function wholeNumber(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/**
 * Values of a row or a key as the guard takes them: JSON and URLs have no whole numbers beyond
 * 2^53, so a part that is one may come as text. Everything else is left to the guard.
 */
export const asValues = ({ key }: Guard, values: RowValues): RowValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const whole = key[name]?.kind === 'int' && typeof value === 'string' && WHOLE.test(value)
      return [name, whole ? wholeNumber(value) : value]
    }),
  )

function listOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new OnceoverError('INPUT_INVALID', {
      message: `${name} is no JSON: it is a set.`,
      fix: `Give a list: ${name}=["a","b"].`,
    })
  }
}

/**
 * The key of a query, a parameter for each part; a part that is left out is NULL.
 *
 * @throws OnceoverError INPUT_INVALID naming what is no part of the key
 */
export function keyOfQuery(guard: Guard, query: Readonly<Record<string, string>>): RowValues {
  const parts = Object.keys(guard.key)
  const strange = Object.keys(query).find((name) => !parts.includes(name))
  if (strange !== undefined || Object.keys(query).length === 0) {
    throw new OnceoverError('INPUT_INVALID', {
      message:
        strange === undefined
          ? 'The request names no key.'
          : `The key of ${guard.name} has no part ${JSON.stringify(strange)}.`,
      fix: `Its parts are: ${parts.join(', ')}.`,
    })
  }
  const values = Object.fromEntries(
    Object.entries(query).map(([name, text]) => [
      name,
      guard.key[name]?.kind === 'set' ? listOf(name, text) : text,
    ]),
  )
  return asValues(guard, values)
}

const PART = 'part.'

/** The parts of a key that a list is narrowed by: `part.NAME=value`. Undefined where there are none. */
export function partsOfQuery(query: Readonly<Record<string, unknown>>): RowValues | undefined {
  const given = Object.entries(query).filter(([name]) => name.startsWith(PART))
  if (given.length === 0) return undefined
  return Object.fromEntries(given.map(([name, value]) => [name.slice(PART.length), value]))
}
