import { z } from 'zod'
import type { AnyGenerator, Days, RowValues } from '../index.ts'

/** A span of days, both included. */
export const daysSchema = z
  .object({ from: z.iso.date(), to: z.iso.date() })
  .refine(({ from, to }) => from <= to, { message: 'it ends before it begins' })

/** The range of a generator that a span of days stands for. */
export const rangeOf = ({ options }: AnyGenerator, { from, to }: Days): RowValues =>
  (options.range ? options.range({ from, to }) : { from, to }) as RowValues
