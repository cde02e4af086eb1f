import { z } from 'zod'
import type { Totals, WorkVerdict } from '../index.ts'

const values = z.record(z.string(), z.unknown())

const VERDICT_NAMES = [
  ...(['created', 'replaced', 'allowed', 'skipped', 'collided', 'invalid', 'failed'] as const),
  ...(['in_flight', 'cancelled'] as const),
] as const

/** The name of a verdict. */
export const verdictName = z.enum(VERDICT_NAMES)

/** How many rows or units there were, and how many got each verdict. */
export const totalsSchema = z.object({
  rows: z.int(),
  ...(Object.fromEntries(VERDICT_NAMES.map((name) => [name, z.int()])) as Record<
    (typeof VERDICT_NAMES)[number],
    z.ZodInt
  >),
})

const verdict = z.object({
  index: z.int(),
  verdict: verdictName,
  key: values,
  row: values.optional(),
  existing: values.optional(),
  reason: z.string().optional(),
  firstIndex: z.int().optional(),
  sqlstate: z.string().optional(),
  constraint: z.string().optional(),
  code: z.string().optional(),
  attempt: z.int().optional(),
  result: z.unknown().optional(),
  heldMs: z.number().optional(),
  retryMs: z.number().optional(),
})

/** What came, or would come, of rows or units. */
export const judged = z.object({
  run: z.uuid().optional(),
  totals: totalsSchema,
  verdicts: z
    .array(verdict)
    .describe('In input order; at most 1000, those that are not `created` before the others.'),
})

const MOST_SHOWN = 1000

/** Verdicts and their totals, as they are answered. */
export interface Judged {
  readonly run?: string
  readonly totals: Totals
  readonly verdicts: readonly WorkVerdict[]
}

/**
 * As many verdicts as a page can show: what was not created is what somebody must see, so it has
 * its place before the rest. The totals are those of all.
 */
export function shown({ run, totals, verdicts }: Judged): Judged {
  const known = { ...(run !== undefined && { run }), totals }
  if (verdicts.length <= MOST_SHOWN) return { ...known, verdicts }
  const others = verdicts.filter(({ verdict }) => verdict !== 'created').slice(0, MOST_SHOWN)
  const created = verdicts.filter(({ verdict }) => verdict === 'created')
  const all = [...others, ...created.slice(0, MOST_SHOWN - others.length)]
  return { ...known, verdicts: all.sort((left, right) => left.index - right.index) }
}
