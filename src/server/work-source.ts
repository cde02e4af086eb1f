import { z } from 'zod'
import { type AnyGenerator, type Guard, OnceoverError, type RowValues } from '../index.ts'
import { daysSchema, rangeOf } from './days.ts'
import { asValues } from './key-values.ts'
import type { Selections } from './selections.ts'

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
  selection: z.string().optional().describe('The id of a selection.'),
}

/** True where exactly one of some is given. */
export const isOne = (given: readonly unknown[]): boolean =>
  given.filter((each) => each !== undefined).length === 1

/** A source of units as a request names it. */
export type AskedSource = z.infer<z.ZodObject<typeof sourceShape>>

/** What a generator is asked to make. */
export interface WorkSource {
  readonly units: readonly { readonly key: RowValues; readonly input?: unknown }[] | RowValues
  /** Of a range only these keys. */
  readonly only?: readonly RowValues[]
}

/**
 * Units, or a range of the generator, or the keys of it that were selected.
 *
 * @throws OnceoverError INPUT_INVALID where the request names nothing that can be made,
 * SELECTION_GONE
 */
export function sourceOf(
  selections: Selections,
  generator: AnyGenerator,
  { units, range, selection }: AskedSource,
): WorkSource {
  if (units) {
    return { units: units.map((each) => ({ ...each, key: asValues(generator.guard, each.key) })) }
  }
  if (range) return { units: rangeOf(generator, range) }
  const { keys, days } = selections.get(generator.guard.name, selection ?? '')
  if (days) return { units: rangeOf(generator, days), only: keys }
  throw new OnceoverError('INPUT_INVALID', {
    message: 'These keys were selected among claims: what they are made from is in the ledger.',
    fix: 'Retry them, or select them in the matrix.',
  })
}

/** Which claims to try again, and what was never made among them. */
export interface RetrySource {
  readonly only?: readonly RowValues[]
  readonly range?: RowValues
}

/**
 * The keys that were selected, to be tried again; where they come from a matrix, those that are
 * missing can be made too.
 *
 * @throws OnceoverError SELECTION_GONE
 */
export function retriedOf(
  selections: Selections,
  generator: AnyGenerator,
  selection: string | undefined,
): RetrySource {
  if (selection === undefined) return {}
  const { keys: only, days } = selections.get(generator.guard.name, selection)
  return days && generator.options.expected ? { only, range: rangeOf(generator, days) } : { only }
}

/** Rows as the guard takes them. */
export const rowsOf = (guard: Guard, rows: readonly RowValues[]): readonly RowValues[] =>
  rows.map((row) => asValues(guard, row))
