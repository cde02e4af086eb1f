import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import { Sql } from '../postgres/sql.ts'
import { refuseValue } from '../rows/json-value.ts'
import type { RunOptions } from './options.ts'

/** Where units come from: an array, anything iterable, or a range for `expected`. */
export type Source = readonly unknown[] | Iterable<unknown> | AsyncIterable<unknown> | RowValues

/** True for what can be iterated; anything else that is an object is a range. */
export const isIterable = (source: object): source is Iterable<unknown> | AsyncIterable<unknown> =>
  Symbol.iterator in source || Symbol.asyncIterator in source

/**
 * Checks where units come from.
 *
 * @throws OnceoverError INPUT_INVALID
 */
export function checkSource(source: unknown, options: RunOptions<never>): asserts source is Source {
  const wrong =
    typeof source !== 'object' || source === null
      ? 'neither units nor a range'
      : source instanceof Sql
        ? 'a query: declare it as `expected` of the generator, and pass its range'
        : !isIterable(source) && refuseValue(source) !== undefined
          ? `a range that JSON cannot hold: ${refuseValue(source)}`
          : undefined
  if (wrong !== undefined) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `What was given to run is ${wrong}.`,
      fix: 'Pass an array or iterable of { key, input }, or a plain object for `expected`.',
    })
  }
  if (options.only !== undefined && isIterable(Object(source))) {
    throw new OnceoverError('INPUT_INVALID', {
      message: 'only chooses keys of a range, and these are units.',
      fix: 'Pass the range that `expected` knows, or leave the other units out.',
    })
  }
  const needsArray =
    options.wait !== undefined ? 'wait' : options.onDuplicate === 'reject' ? 'reject' : undefined
  if (needsArray === undefined || Array.isArray(source)) return
  throw new OnceoverError('INPUT_INVALID', {
    message: `${needsArray} needs the units as an array: they are gone through twice.`,
    fix: 'Pass an array, or run a list again to see what was in flight.',
  })
}
