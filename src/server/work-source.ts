import { z } from 'zod'
import { type AnyGenerator, type Guard, OnceoverError, type RowValues } from '../index.ts'
import { daysSchema, rangeOf } from './days.ts'
import { asValues } from './key-values.ts'

const values = z.record(z.string(), z.unknown())

/** Rows of a guard, by column. */
export const rowsSchema = z.array(values).min(1)

/** Where the units of work come from: one of these. */
export const sourceShape = {
  units: z
    .array(z.object({ key: values, input: z.unknown().optional() }))
    .min(1)
    .optional()
    .describe('Keys, each with the input that its making needs.'),
  range: daysSchema.optional().describe('All that the generator expects on these days.'),
}

/** True where exactly one of some is given. */
export const isOne = (given: readonly unknown[]): boolean =>
  given.filter((each) => each !== undefined).length === 1

/** A source of units as a request names it. */
export type AskedSource = z.infer<z.ZodObject<typeof sourceShape>>

/**
 * Units, or the range of the generator.
 *
 * @throws OnceoverError INPUT_INVALID where the request names neither
 */
export function sourceOf(
  generator: AnyGenerator,
  { units, range }: Pick<AskedSource, 'units' | 'range'>,
): readonly { readonly key: RowValues; readonly input?: unknown }[] | RowValues {
  if (range) return rangeOf(generator, range)
  if (units) return units.map((each) => ({ ...each, key: asValues(generator.guard, each.key) }))
  throw new OnceoverError('INPUT_INVALID', { message: 'The request names nothing to make.' })
}

/** Rows as the guard takes them. */
export const rowsOf = (guard: Guard, rows: readonly RowValues[]): readonly RowValues[] =>
  rows.map((row) => asValues(guard, row))
