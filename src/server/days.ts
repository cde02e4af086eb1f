import { z } from 'zod'
import { type AnyGenerator, type Days, OnceoverError, type RowValues } from '../index.ts'

const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000
const MOST_DAYS = 3660

// What is expected in a span is asked of the database: a wrong digit in a year must not.
const isShort = ({ from, to }: { readonly [Name in keyof Days]?: string | undefined }): boolean =>
  ![from, to].every((each) => DAY.test(each ?? '')) ||
  !(Date.parse(to ?? '') - Date.parse(from ?? '') > MOST_DAYS * DAY_MS)

const TOO_LONG = { message: 'it is longer than ten years' }

/** A span of days, both included. */
export const daysSchema = z
  .object({ from: z.iso.date(), to: z.iso.date() })
  .refine(({ from, to }) => from <= to, { message: 'it ends before it begins' })
  .refine(isShort, TOO_LONG)

/** A span of periods, which may be days; both included, and each may be open. */
export const spanSchema = z
  .object({
    from: z.string().optional().describe('A day, or a period as the matrix writes it.'),
    to: z.string().optional(),
  })
  .refine(isShort, TOO_LONG)

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
