import { z } from 'zod'
import { RUN_STATES } from '../../index.ts'
import { answer, type Route, route } from '../route.ts'
import { actorOf, idParams, said } from '../schemas.ts'

const totals = z.record(z.string(), z.number())

/** A run, as `onceover runs --json` has it. */
export const runSchema = z.object({
  id: z.uuid(),
  guard: z.string(),
  policy: z.enum(['skip', 'reject', 'replace', 'allow']),
  state: z.enum(RUN_STATES),
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  cancelReason: z.string().nullable(),
  cancelledBy: z.string().nullable(),
  range: z.record(z.string(), z.unknown()).nullable(),
  worker: z.string().nullable(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  totals,
})

const runStatus = runSchema.extend({
  inFlight: z.int(),
  steps: z.object({
    calls: z.int(),
    reused: z.int(),
    asked: z.int(),
    needsReconcile: z.int(),
  }),
})

const cancelled = z.object({ cancelled: z.boolean(), claims: z.int() })

/** Runs of rows and of work. */
export const runRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/runs/:id',
    summary: 'One run, with what it holds now and what its external calls came to.',
    tag: 'runs',
    params: idParams,
    answers: { 200: { description: 'The run.', schema: runStatus } },
    handle: async ({ params }, { once }) => answer(200, await once.status(params.id)),
  }),
  route({
    method: 'post',
    path: '/runs/:id/cancel',
    summary: 'Cancels a run: its claims are cancelled and their keys free; what is done stays.',
    tag: 'runs',
    params: idParams,
    body: said,
    answers: { 200: { description: 'What was cancelled.', schema: cancelled } },
    handle: async ({ params, body, caller }, { once }) => {
      const { reason, actor } = body
      const how = { actor: actorOf(caller, actor), ...(reason !== undefined && { reason }) }
      return answer(200, await once.cancel(params.id, how))
    },
  }),
]
