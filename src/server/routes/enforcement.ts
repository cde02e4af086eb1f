import { z } from 'zod'
import type { EnforceProgress, EnforceStep } from '../../index.ts'
import { begin, untilEnd } from '../begin.ts'
import { guardOf } from '../context.ts'
import { answer, type Route, route } from '../route.ts'
import { actor, actorOf, guardParams, said } from '../schemas.ts'
import { underwaySchema } from '../underway-schema.ts'

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((word) => word === 'true')

const planSchema = z.object({
  guard: z.string(),
  index: z.string(),
  how: z.enum(['standing', 'locked', 'online']),
  statements: z.array(
    z.object({ step: z.string(), sql: z.string(), why: z.string(), lock: z.string() }),
  ),
})

const deadline = z.string().optional().describe('How long it may take in all, such as `10m`.')

const enforceBody = said.extend({
  repair: z.boolean().default(false).describe('Whether duplicates are repaired behind the gate.'),
  online: z.boolean().default(false).describe('Never by a build that writers wait for.'),
  constraint: z.boolean().default(false).describe('Make a constraint of the index.'),
  deadline,
})

const unenforcedSchema = z.object({
  guard: z.string(),
  dropped: z.array(z.string()).describe('The DDL that ran.'),
  kept: z.array(z.string()).describe('Indexes that still cover it, and are not ours.'),
  left: z.array(z.string()).describe('SQL that takes away what could not be taken away yet.'),
})

// Before them nothing was changed, and it may still be refused. What is done in one moment has none
// of them: it is over soon.
const BEGUN: readonly EnforceStep[] = ['key index', 'gate', 'repair']

const isBegun = ({ step }: EnforceProgress): boolean => BEGUN.includes(step)

/** The index that stops the next duplicate. */
export const enforcementRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/guards/:guard/preflight',
    heavy: true,
    summary: 'Every statement that enforcing would run, with its reason and its lock.',
    tag: 'enforcement',
    params: guardParams,
    query: z.object({ repair: flag, online: flag, constraint: flag }),
    answers: { 200: { description: 'The statements, in order.', schema: planSchema } },
    handle: async ({ params, query }, context) => {
      const guard = guardOf(context, params.guard)
      return answer(200, await context.once.enforcementPlan(guard, query))
    },
  }),
  route({
    method: 'post',
    path: '/guards/:guard/enforce',
    summary: 'Makes the unique index of a guard, while writers go on.',
    tag: 'enforcement',
    params: guardParams,
    body: enforceBody,
    answers: { 202: { description: 'It runs, or is done already.', schema: underwaySchema } },
    handle: async ({ params, body, caller }, context) => {
      const guard = guardOf(context, params.guard)
      const { actor: given, reason, deadline, ...how } = body
      const by = actorOf(caller, given)
      const start = { guard: guard.name, what: 'enforce', id: null, actor: by } as const
      const underway = await begin(context, start, ({ signal, report, begun }) =>
        context.once.enforce(guard, {
          ...how,
          actor: by,
          signal,
          ...(reason !== undefined && { reason }),
          ...(deadline !== undefined && { deadline }),
          onProgress: (progress) => {
            report(progress)
            if (isBegun(progress)) begun()
          },
        }),
      )
      return answer(202, underway)
    },
  }),
  route({
    method: 'post',
    path: '/guards/:guard/unenforce',
    summary: 'Drops the index of a guard that is its own, and what a killed enforcement left.',
    tag: 'enforcement',
    params: guardParams,
    body: z.object({ actor: actor.optional(), deadline }),
    answers: { 200: { description: 'What was dropped.', schema: unenforcedSchema } },
    handle: async ({ params, body, caller }, context) => {
      const guard = guardOf(context, params.guard)
      const by = actorOf(caller, body.actor)
      const start = { guard: guard.name, what: 'unenforce', id: null, actor: by } as const
      const unenforced = await untilEnd(context, start, ({ signal, report }) =>
        context.once.unenforce(guard, {
          signal,
          ...(body.deadline !== undefined && { deadline: body.deadline }),
          onProgress: report,
        }),
      )
      return answer(200, unenforced)
    },
  }),
]
