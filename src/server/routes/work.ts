import { z } from 'zod'
import { type InsertResult, OnceoverError } from '../../index.ts'
import { generatorOf, guardOf, type ServerContext } from '../context.ts'
import { given } from '../given.ts'
import { type Answer, answer, type Route, route } from '../route.ts'
import { actorOf, guardParams, said } from '../schemas.ts'
import { type RunStart, startRun } from '../start-run.ts'
import { type Judged, judged, shown } from '../verdicts.ts'
import { isOne, retriedOf, rowsOf, rowsSchema, sourceOf, sourceShape } from '../work-source.ts'

const policy = z.enum(['skip', 'replace', 'reject']).optional()
const rowPolicy = z.enum(['skip', 'replace', 'reject', 'allow']).optional()

const previewBody = said
  .extend({ ...sourceShape, rows: rowsSchema.optional(), onDuplicate: rowPolicy })
  .refine(({ units, range, selection, rows }) => isOne([units, range, selection, rows]), {
    message: 'it needs one of units, range, selection and rows',
  })

const runBody = said
  .extend({ ...sourceShape, onDuplicate: policy })
  .refine(({ units, range, selection }) => isOne([units, range, selection]), {
    message: 'it needs one of units, range and selection',
  })

const rowsBody = said.extend({ rows: rowsSchema, onDuplicate: rowPolicy })

const retryBody = said.extend({
  run: z.string().optional().describe('Only those of a run.'),
  selection: z.string().optional().describe('Only these; what is missing of them is made too.'),
})

const resumeBody = z.object({ run: z.string(), actor: said.shape.actor })

const accepted = {
  202: {
    description: 'It runs: `GET /runs/:id` and the live changes say what becomes of it.',
    schema: z.object({ run: z.uuid() }),
  },
}

async function running(context: ServerContext, start: RunStart): Promise<Answer> {
  const run = await startRun(context, start)
  // Relative, as every URL is: nobody knows here where the server is mounted.
  return answer(202, { run }, { location: `../../runs/${run}` })
}

function previewed(
  context: ServerContext,
  name: string,
  { rows, onDuplicate, reason, actor, ...source }: z.infer<typeof previewBody>,
): Promise<Judged> {
  const { once } = context
  const guard = guardOf(context, name)
  const how = given({ onDuplicate, reason, actor })
  if (rows) return once.preview(guard, rowsOf(guard, rows), how)
  if (onDuplicate === 'allow') {
    throw new OnceoverError('INPUT_INVALID', {
      message: 'Only a row can be an allowed copy.',
      fix: 'Give rows, or another onDuplicate.',
    })
  }
  const generator = generatorOf(context, name)
  const { units, only } = sourceOf(context.selections, generator, source)
  const which = given({ onDuplicate, only })
  return once.preview(generator, units, { ...which, limit: MOST_PREVIEWED })
}

function inserted(
  context: ServerContext,
  name: string,
  { rows, ...how }: z.infer<typeof rowsBody>,
): Promise<InsertResult> {
  const guard = guardOf(context, name)
  const taken = rowsOf(guard, rows)
  const create = context.options.create?.[name]
  return create ? create(taken, given(how)) : context.once.insert(guard, taken, given(how))
}

// A verdict on each is in memory until it is answered.
const MOST_PREVIEWED = 100_000

const MADE = ['created', 'replaced', 'allowed'] as const

/** Rows and units that are made: looked at before, run, tried again, gone on with. */
export const workRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/guards/:guard/preview',
    heavy: true,
    summary: 'Says what rows, or at most 100,000 units, would come to; writes nothing.',
    tag: 'work',
    params: guardParams,
    body: previewBody,
    writes: false,
    answers: { 200: { description: 'What would come of them.', schema: judged } },
    handle: async ({ params, body, caller }, context) => {
      const asked = { ...body, actor: actorOf(caller, body.actor) }
      return answer(200, shown(await previewed(context, params.guard, asked)))
    },
  }),
  route({
    method: 'post',
    path: '/guards/:guard/run',
    summary: 'Makes units, each exactly once.',
    tag: 'work',
    params: guardParams,
    body: runBody,
    answers: accepted,
    handle: async ({ params: { guard }, body, caller }, context) => {
      const generator = generatorOf(context, guard)
      const { onDuplicate, reason, ...source } = body
      const actor = actorOf(caller, body.actor)
      const { units, only } = sourceOf(context.selections, generator, source)
      const how = given({ onDuplicate, only, reason, actor })
      return running(context, {
        guard,
        actor,
        begin: (own) => context.once.run(generator, units, { ...own, ...how }),
      })
    },
  }),
  route({
    method: 'post',
    path: '/guards/:guard/rows',
    summary: 'Creates rows, each with its verdict.',
    tag: 'work',
    params: guardParams,
    body: rowsBody,
    answers: {
      200: { description: 'No row was made: all were there, or none could be.', schema: judged },
      201: { description: 'Rows were made.', schema: judged },
    },
    handle: async ({ params, body, caller }, context) => {
      const asked = { ...body, actor: actorOf(caller, body.actor) }
      const result = await inserted(context, params.guard, asked)
      const made = MADE.some((name) => result.totals[name] > 0)
      return answer(made ? 201 : 200, shown(result))
    },
  }),
  route({
    method: 'post',
    path: '/guards/:guard/retry',
    summary: 'Tries failed and exhausted units again; of a selection makes what is missing too.',
    tag: 'work',
    params: guardParams,
    body: retryBody,
    answers: accepted,
    handle: async ({ params: { guard }, body, caller }, context) => {
      const generator = generatorOf(context, guard)
      const actor = actorOf(caller, body.actor)
      const which = retriedOf(context.selections, generator, body.selection)
      const how = { ...given({ reason: body.reason, run: body.run, actor }), ...which }
      return running(context, {
        guard,
        actor,
        begin: (own) => context.once.retry(generator, { ...own, ...how }),
      })
    },
  }),
  route({
    method: 'post',
    path: '/guards/:guard/resume',
    summary: 'Goes on with a run that crashed or stopped.',
    tag: 'work',
    params: guardParams,
    body: resumeBody,
    answers: accepted,
    handle: async ({ params: { guard }, body, caller }, context) => {
      const generator = generatorOf(context, guard)
      return running(context, {
        guard,
        actor: actorOf(caller, body.actor),
        begin: (own) => context.once.resume(generator, body.run, own),
      })
    },
  }),
]
