import { OnceoverError } from './error.ts'

/** A part of a list, newest first. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** Where to go on, as `after`; null where nothing comes after it. */
  readonly next: string | null
  /**
   * How far back was looked, in ISO form, where a filter stopped the search before it found enough:
   * `next` looks further. Else null.
   */
  readonly searchedTo: string | null
}

/** Which part of a list to read. */
export interface PageOptions {
  /** The `cursor` of an item, or the `next` of a page: read what comes after it. */
  readonly after?: string
  /** How many at most. Default 100. */
  readonly limit?: number
}

const usage = (message: string, fix: string): OnceoverError =>
  new OnceoverError('USAGE', { message, fix })

/** The place of an item in a list, as a text that needs no escaping in a URL. */
export const cursorOf = (list: string, values: readonly string[]): string =>
  Buffer.from(JSON.stringify([list, ...values])).toString('base64url')

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return undefined
  }
}

/**
 * The values of a cursor.
 *
 * @param list what kind of list it must be of
 * @param shape what each value looks like
 * @throws OnceoverError USAGE for a text that is no cursor of such a list
 */
export function readCursor(
  list: string,
  shape: readonly RegExp[],
  text: string | undefined,
): readonly string[] | undefined {
  if (text === undefined) return undefined
  const given: unknown = typeof text === 'string' ? parse(text) : undefined
  const [of, ...values] = Array.isArray(given) ? (given as readonly unknown[]) : []
  const whole = of === list && values.length === shape.length
  if (whole && values.every((each, at) => typeof each === 'string' && shape[at]?.test(each))) {
    return values as readonly string[]
  }
  throw usage(
    `${JSON.stringify(text)} is no cursor of a list of ${list}s.`,
    `Pass on the cursor of a ${list}, or the next of a page, as it was given.`,
  )
}

/** What the moment, the id and the place in a cursor look like. */
export const CURSOR = {
  moment: /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  number: /^\d{1,18}$/,
  hash: /^[0-9a-f]{64}$/,
  text: /^[^\0]*$/,
} as const

/** @throws OnceoverError USAGE for a limit that is no number of items */
export function readLimit(limit: number | undefined, otherwise: number): number {
  if (limit === undefined) return otherwise
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  throw usage(`The limit ${limit} is not a whole number from 0 on.`, 'Give a number.')
}
