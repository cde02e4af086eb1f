import { z } from 'zod'
import { guardOf } from '../context.ts'
import { given } from '../given.ts'
import { keyOfQuery } from '../key-values.ts'
import { answer, type Route, read, route } from '../route.ts'
import { guardParams, pageQuery } from '../schemas.ts'
import { claimSchema } from './claims.ts'
import { eventName } from './events.ts'

const values = z.record(z.string(), z.unknown())

const historySchema = z.object({
  guard: z.string(),
  table: z.string(),
  key: values,
  rows: z
    .array(
      z.object({
        id: values,
        row: values,
        keeper: z.boolean(),
        madeAt: z.string().nullable(),
      }),
    )
    .describe('The first 20 that stand for it, the one to keep first.'),
  standing: z.int(),
  excess: z.int(),
  claim: claimSchema
    .extend({
      actor: z.string().nullable(),
      reason: z.string().nullable(),
      cancelledBy: z.string().nullable(),
      cancelReason: z.string().nullable(),
    })
    .nullable(),
  steps: z.array(
    z.object({
      name: z.string(),
      generation: z.int(),
      state: z.enum(['asked', 'answered', 'withdrawn', 'needs_reconcile']),
      run: z.uuid(),
      calls: z.int(),
      reused: z.int(),
      asked: z.int(),
      answer: z.unknown(),
      startedAt: z.string(),
      answeredAt: z.string().nullable(),
    }),
  ),
  timeline: z.array(
    z.object({
      event: z.string(),
      verdict: eventName,
      at: z.string(),
      run: z.uuid(),
      actor: z.string().nullable(),
      reason: z.string().nullable(),
      runReason: z.string().nullable(),
      existing: values.nullable(),
      cursor: z.string(),
    }),
  ),
  searchedTo: z.string().nullable().describe('How far back the audit was looked at.'),
  more: z.boolean(),
  next: z.string().nullable(),
})

const paging = pageQuery.partial()

/** One key, with all that became of it. */
export const keyRoutes: readonly Route[] = [
  route({
    method: 'get',
    shared: true,
    path: '/guards/:guard/key',
    summary: 'Rows, claim, steps and audit of one key, each part a parameter: `day=2025-10-01`.',
    tag: 'keys',
    params: guardParams,
    query: paging.catchall(z.string()),
    answers: { 200: { description: 'What became of the key.', schema: historySchema } },
    handle: async ({ params, request }, context) => {
      const guard = guardOf(context, params.guard)
      const { key, rest } = keyOfQuery(guard, Object.fromEntries(new URL(request.url).searchParams))
      const { cursor: after, limit } = read(paging.strict(), rest, 'query')
      return answer(200, await context.once.history(guard, key, given({ after, limit })))
    },
  }),
]
