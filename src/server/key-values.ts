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

const JSON_TEXT = /^["{[]|^null$/

// NULL, a set, and a text that looks like one of these, come as JSON; every other text as it is.
function readValue(text: string): unknown {
  if (!JSON_TEXT.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const PART = 'part.'

/** The key in a query, and the parameters that are no part of it. */
export interface KeyInQuery {
  readonly key: RowValues
  readonly rest: Readonly<Record<string, string>>
}

/**
 * The key of a query, a parameter for each part: `day=2025-10-01`, or `part.day=2025-10-01` where a
 * part is called like another parameter. NULL is `null`, a set is a list of JSON, and a text that
 * begins as JSON does is a text of JSON; a part that is left out is NULL too.
 *
 * @throws OnceoverError INPUT_INVALID where there is none
 */
export function keyOfQuery(guard: Guard, query: Readonly<Record<string, string>>): KeyInQuery {
  const parts = Object.keys(guard.key)
  const key: Record<string, unknown> = {}
  const rest: Record<string, string> = {}
  for (const [given, text] of Object.entries(query)) {
    const name = given.startsWith(PART) ? given.slice(PART.length) : given
    if (!parts.includes(name)) rest[given] = text
    else key[name] = readValue(text)
  }
  if (Object.keys(key).length > 0) return { key: asValues(guard, key), rest }
  throw new OnceoverError('INPUT_INVALID', {
    message: 'The request names no key.',
    fix: `The parts of the key of ${guard.name} are: ${parts.join(', ')}.`,
  })
}

/** The parts of a key that a list is narrowed by: `part.NAME=value`; undefined without any. */
export function partsOfQuery(query: Readonly<Record<string, unknown>>): RowValues | undefined {
  const given = Object.entries(query).filter(([name]) => name.startsWith(PART))
  if (given.length === 0) return undefined
  return Object.fromEntries(
    given.map(([name, value]) => [name.slice(PART.length), readValue(String(value))]),
  )
}
