import { z } from 'zod'
import { problemSchema, underwaySchema } from '../underway-schema.ts'
import { groupSchema, repairSchema } from './repair-schemas.ts'
import { runSchema } from './runs.ts'

const count = z.int().min(0)

const uniqueIndex = z.object({
  name: z.string(),
  constraint: z.string().optional(),
  definition: z.string(),
  columns: z.array(z.string()),
  predicate: z.string().optional(),
  valid: z.boolean(),
  immediate: z.boolean(),
  nullsNotDistinct: z.boolean(),
  quoted: z.string(),
  ready: z.boolean(),
  building: z.boolean(),
  partitioned: z.boolean(),
})

const coverageSchema = z.object({
  enforced: z.boolean().optional().describe('Missing where the role may not ask.'),
  indexes: z.array(uniqueIndex),
  broader: z.array(z.string()),
  invalid: z.array(uniqueIndex),
  shadows: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['narrower', 'wider', 'partial', 'unusable']),
      definition: z.string(),
      why: z.string(),
    }),
  ),
  obstacle: z.string().optional(),
})

/** A guard as the list has it. */
export const guardSummary = z.object({
  name: z.string(),
  table: z.string(),
  key: z.array(z.string()),
  where: z.string().nullable(),
  matrix: z.object({ entity: z.string(), period: z.string() }).nullable(),
  generator: z.boolean(),
  expected: z.boolean().describe('Whether its generator says what ought to exist.'),
  copies: z.boolean(),
  enforced: z.boolean(),
  index: z.string().nullable().describe('Name of the index that covers it.'),
  counts: z
    .object({ claimed: count, failed: count, exhausted: count, cancelled: count })
    .describe('Claims that somebody may have to look at; a thousand at most are counted.'),
  lastRun: runSchema.nullable(),
  underway: underwaySchema.nullable().describe('The work that runs, or else the latest.'),
  error: problemSchema.nullable().describe('Why the guard cannot be held against its table.'),
})

/** A guard by itself. */
export const guardDetail = guardSummary.extend({
  parts: z.array(z.object({ name: z.string(), type: z.string().nullable() })),
  keep: z.array(z.string()),
  losers: z.union([z.literal('delete'), z.object({ set: z.record(z.string(), z.unknown()) })]),
  inspection: coverageSchema
    .extend({
      table: z.string(),
      columns: z.array(z.string()),
      primaryKey: z.array(z.string()),
      partitioned: z.boolean(),
      rowSecurity: z.boolean(),
    })
    .nullable(),
  repairs: z.array(repairSchema).describe('The five newest.'),
})

const repetition = z.object({ groups: count, excess: count })

const growth = z.object({
  column: z.string(),
  excess: count,
  first: z.string(),
  last: z.string(),
  unit: z.enum(['minute', 'hour', 'day', 'week', 'month']),
  buckets: z.array(z.object({ at: z.string(), rows: count, excess: count })),
  rhythm: z.record(z.string(), z.unknown()).optional(),
  sources: z.array(
    z.object({ column: z.string(), value: z.string(), excess: count, groups: count }),
  ),
})

/** What a scan says of a guard. */
export const scanSchema = z.object({
  guard: z.string(),
  table: z.string(),
  target: z.string(),
  where: z.string().optional(),
  rows: count,
  duplicates: repetition.extend({
    largest: z.array(groupSchema),
    sizes: z.array(z.object({ rows: count, groups: count })),
  }),
  nulls: z.object({ equal: repetition, distinct: repetition, gapExcess: count }),
  parts: z.array(
    z.object({
      name: z.string(),
      declared: z.enum(['reject', 'equal', 'distinct']),
      nulls: count,
      forbidden: z.array(z.object({ value: z.string(), rows: count })),
      unlisted: count.optional(),
      nonCanonical: count,
    }),
  ),
  hidden: repetition,
  unfinished: count,
  overlaps: z.record(z.string(), z.unknown()).optional(),
  growth: growth.optional(),
  growthUnknown: z.string().optional(),
  coverage: coverageSchema,
  findings: z.array(z.object({ code: z.string(), message: z.string(), fix: z.string() })),
})
