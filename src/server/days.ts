import { z } from 'zod'
import { type AnyGenerator, type Days, OnceoverError, type RowValues } from '../index.ts'

/** A span of days, both included. */
export const daysSchema = z
  .object({ from: z.iso.date(), to: z.iso.date() })
  .refine(({ from, to }) => from <= to, { message: 'it ends before it begins' })

/**
 * The range of a generator that a span of days stands for.
 *
 * @throws OnceoverError CALLBACK_FAILED where the generator's own `range` throws
 */
export function rangeOf({ guard, options }: AnyGenerator, { from, to }: Days): RowValues {
  if (!options.range) return { from, to }
  try {
    return options.range({ from, to }) as RowValues
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    throw new OnceoverError('CALLBACK_FAILED', {
      message: `range of the generator of ${guard.name} failed: ${words}.`,
      details: { function: `range of the generator of ${guard.name}` },
      cause: error,
    })
  }
}
