import { z } from 'zod'
import { REPAIR_STATES } from '../../index.ts'

const count = z.int().min(0)

const shownRow = z.record(z.string(), z.unknown())

const losers = z.union([z.literal('delete'), z.object({ set: z.record(z.string(), z.unknown()) })])

const plannedChild = z.object({
  table: z.string(),
  columns: z.array(z.string()),
  of: z.string(),
  references: z.array(z.string()),
  constraint: z.string().nullable(),
  policy: z.enum(['repoint', 'delete', 'refuse']),
  collision: z.enum(['refuse', 'drop', 'merge']),
  rows: count.nullable(),
  collisions: count,
})

/** Rows that share one key, as a scan and a plan show them. */
export const groupSchema = z.object({
  key: shownRow,
  rows: count,
  keeper: shownRow,
  losers: z.array(shownRow),
})

/** What applying a repair would do. */
export const planSchema = z.object({
  format: z.literal('onceover-repair/1'),
  repair: z.string().describe('Its id; empty where nothing was kept.'),
  database: z.object({ name: z.string(), cluster: z.string().nullable() }),
  target: z.string(),
  plannedAt: z.string(),
  guard: z.string(),
  table: z.string(),
  key: z.array(z.string()),
  where: z.string().nullable(),
  keep: z.array(z.string()),
  losers,
  groups: count,
  rows: count.describe('How many rows are to be removed, or set.'),
  children: z.array(plannedChild),
  hazards: z.array(
    z.object({ code: z.string(), refuses: z.boolean(), message: z.string(), fix: z.string() }),
  ),
  suspects: z.object({ rows: count, first: z.array(shownRow) }),
  largest: z.array(groupSchema),
  predicted: z.object({
    durationMs: z.number(),
    walBytes: z.number(),
    locks: z.array(z.string()),
  }),
  digest: z.string(),
  hash: z.string(),
})

/** A repair as it is kept. */
export const repairSchema = z.object({
  id: z.string(),
  guard: z.string(),
  table: z.string(),
  state: z.enum(REPAIR_STATES),
  plan: planSchema,
  removed: count,
  changed: count,
  skipped: count,
  moved: count,
  dropped: count,
  batches: count,
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  plannedAt: z.string(),
  appliedAt: z.string().nullable(),
  appliedBy: z.string().nullable(),
  undoneAt: z.string().nullable(),
  undoneBy: z.string().nullable(),
  cursor: z.string(),
})

/** What undoing a repair came to. */
export const undoneSchema = z.object({
  repair: z.string(),
  restored: count,
  reverted: count,
  changedSince: count,
})
