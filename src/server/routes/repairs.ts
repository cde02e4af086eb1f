import { z } from 'zod'
import { OnceoverError, REPAIR_STATES, type StoredRepair } from '../../index.ts'
import { begin, untilEnd } from '../begin.ts'
import { guardOf, type ServerContext } from '../context.ts'
import { answer, type Route, route } from '../route.ts'
import { actor, actorOf, guardParams, idParams, pageOf, pageQuery, said } from '../schemas.ts'
import { underwaySchema } from '../underway-schema.ts'
import { planSchema, repairSchema, undoneSchema } from './repair-schemas.ts'

async function repairOf({ once }: ServerContext, id: string): Promise<StoredRepair> {
  const [found] = await once.repairs({ id })
  if (found) return found
  throw new OnceoverError('REPAIR_NOT_FOUND', {
    message: `There is no repair ${id}.`,
    details: { repair: id },
  })
}

// Who agreed to a plan agreed to what it said then.
function refuseOther({ id, plan }: StoredRepair, hash: string): void {
  if (plan.hash === hash) return
  throw new OnceoverError('PLAN_EDITED', {
    message: `The plan of the repair ${id} is not the one with that hash.`,
    fix: 'Read the repair again, look at its plan, and apply it with its hash.',
    details: { repair: id },
  })
}

const planRoute = route({
  method: 'post',
  path: '/guards/:guard/repairs',
  summary: 'Plans the repair of the duplicates of a guard; no row is changed.',
  tag: 'repairs',
  params: guardParams,
  body: said.extend({
    dryRun: z.boolean().default(false).describe('Say what it would do; keep nothing to apply.'),
  }),
  answers: {
    201: { description: 'The plan, kept to be applied.', schema: planSchema },
    200: {
      description: 'A plan that was not kept: nothing to repair, or a dry run.',
      schema: planSchema,
    },
  },
  handle: async ({ params, body, caller }, context) => {
    const guard = guardOf(context, params.guard)
    context.underway.requireIdle(guard.name)
    const plan = await context.once.planRepair(guard, {
      actor: actorOf(caller, body.actor),
      dryRun: body.dryRun,
      ...(body.reason !== undefined && { reason: body.reason }),
    })
    if (plan.repair === '') return answer(200, plan)
    return answer(201, plan, { location: `../../repairs/${plan.repair}` })
  },
})

const applyRoute = route({
  method: 'post',
  path: '/repairs/:id/apply',
  summary: 'Applies a plan in batches; goes on with one that was stopped.',
  tag: 'repairs',
  params: idParams,
  body: z.object({
    hash: z.string().describe('Of the plan that was looked at.'),
    actor: actor.optional(),
    onDrift: z
      .enum(['refuse', 'skip'])
      .default('refuse')
      .describe('Whether rows that changed since are a reason to refuse all, or are left out.'),
  }),
  answers: { 202: { description: 'It runs, or is done already.', schema: underwaySchema } },
  handle: async ({ params, body, caller }, context) => {
    const repair = await repairOf(context, params.id)
    refuseOther(repair, body.hash)
    const guard = guardOf(context, repair.guard)
    const by = actorOf(caller, body.actor)
    const start = { guard: guard.name, what: 'apply', id: repair.id, actor: by } as const
    const underway = await begin(context, start, ({ signal, report, begun }) =>
      context.once.applyRepair(guard, repair.plan, {
        actor: by,
        onDrift: body.onDrift,
        signal,
        onProgress: (progress) => {
          report(progress)
          begun()
        },
      }),
    )
    return answer(202, underway)
  },
})

const undoRoute = route({
  method: 'post',
  path: '/repairs/:id/undo',
  summary: 'Undoes a repair in one transaction: removed rows and their children come back.',
  tag: 'repairs',
  params: idParams,
  body: z.object({ actor: actor.optional() }),
  answers: { 200: { description: 'What came back.', schema: undoneSchema } },
  handle: async ({ params, body, caller }, context) => {
    const { id, guard } = await repairOf(context, params.id)
    const by = actorOf(caller, body.actor)
    const start = { guard: guardOf(context, guard).name, what: 'undo', id, actor: by } as const
    const undone = await untilEnd(context, start, () => context.once.undoRepair(id, { actor: by }))
    return answer(200, undone)
  },
})

/** Repairs: their plans, their apply, their undo. */
export const repairRoutes: readonly Route[] = [
  route({
    method: 'get',
    shared: true,
    path: '/repairs',
    summary: 'Repairs with their plans, newest first.',
    tag: 'repairs',
    query: pageQuery.extend({
      guard: z.string().optional(),
      state: z.enum(REPAIR_STATES).optional(),
    }),
    answers: { 200: { description: 'Some repairs.', schema: pageOf(repairSchema) } },
    handle: async ({ query: { guard, state, cursor, limit } }, { once }) => {
      const found = await once.repairs({
        limit: limit + 1,
        ...(guard !== undefined && { guard }),
        ...(state !== undefined && { state }),
        ...(cursor !== undefined && { after: cursor }),
      })
      const items = found.slice(0, limit)
      const next = found.length > limit ? (items.at(-1)?.cursor ?? null) : null
      return answer(200, { items, next })
    },
  }),
  route({
    method: 'get',
    shared: true,
    path: '/repairs/:id',
    summary: 'One repair with its plan.',
    tag: 'repairs',
    params: idParams,
    answers: { 200: { description: 'The repair.', schema: repairSchema } },
    handle: async ({ params }, context) => answer(200, await repairOf(context, params.id)),
  }),
  planRoute,
  applyRoute,
  undoRoute,
]
