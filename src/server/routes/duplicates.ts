import { z } from 'zod'
import { guardOf, type ServerContext } from '../context.ts'
import { answer, type Route, route } from '../route.ts'
import { guardParams } from '../schemas.ts'
import { SingleFlight } from '../single-flight.ts'
import { scanSchema } from './guard-schemas.ts'

const MOST_GROUPS = 100
const DEFAULT_GROUPS = 20

const textRow = z.record(z.string(), z.string().nullable())

const duplicatePage = z.object({
  guard: z.string(),
  table: z.string(),
  columns: z.array(z.string()).describe('Of the table, in its order.'),
  primaryKey: z.array(z.string()),
  keep: z.array(z.string()).describe('The order that puts the keeper first.'),
  losersPolicy: z.union([
    z.literal('delete'),
    z.object({ set: z.record(z.string(), z.unknown()) }),
  ]),
  groups: z.array(
    z.object({
      key: z.record(z.string(), z.unknown()),
      rows: z.int(),
      keeper: textRow,
      losers: z.array(textRow).describe('The first twenty.'),
      differs: z.array(z.string()).describe('Columns in which the rows differ.'),
      cursor: z.string(),
    }),
  ),
  next: z.string().nullable(),
})

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((word) => word === 'true')

// Each reads a whole table: two who ask for the same at the same time share one answer.
const reading = new WeakMap<ServerContext, SingleFlight<object>>()

function read(
  context: ServerContext,
  asker: AbortSignal,
  what: readonly unknown[],
  work: (signal: AbortSignal) => Promise<object>,
): Promise<object> {
  const flights = reading.get(context) ?? new SingleFlight<object>()
  reading.set(context, flights)
  const inTurn = (signal: AbortSignal) => context.heavy.run(() => work(signal))
  return flights.get(JSON.stringify(what), inTurn, asker)
}

/** The duplicates that stand. */
export const duplicateRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/guards/:guard/scan',
    summary: 'Scans the table of a guard for what breaks its key.',
    tag: 'duplicates',
    params: guardParams,
    query: z.object({ growth: flag.describe('Whether to read when the excess rows were made.') }),
    answers: { 200: { description: 'What it found.', schema: scanSchema } },
    handle: async ({ params, query: { growth }, signal: asker }, context) => {
      const guard = guardOf(context, params.guard)
      const scan = async (signal: AbortSignal) => {
        const [report] = await context.once.scan(guard, { growth, signal })
        return report ?? {}
      }
      return answer(200, await read(context, asker, ['scan', guard.name, growth], scan))
    },
  }),
  route({
    method: 'get',
    path: '/guards/:guard/duplicates',
    summary: 'The duplicate groups of a guard, by key, with keeper and losers as whole rows.',
    tag: 'duplicates',
    params: guardParams,
    query: z.object({
      cursor: z.string().optional().describe('`next` of the page before.'),
      limit: z.coerce.number().int().min(1).max(MOST_GROUPS).default(DEFAULT_GROUPS),
    }),
    answers: { 200: { description: 'Some groups.', schema: duplicatePage } },
    handle: async ({ params, query: { cursor, limit }, signal: asker }, context) => {
      const guard = guardOf(context, params.guard)
      const options = { limit, ...(cursor !== undefined && { after: cursor }) }
      const page = (signal: AbortSignal) => context.once.duplicates(guard, { ...options, signal })
      return answer(200, await read(context, asker, ['duplicates', guard.name, options], page))
    },
  }),
]
