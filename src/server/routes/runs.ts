import { z } from 'zod'
import { RUN_STATES } from '../../index.ts'
import { CANCELLABLE, cancelRuns, freezeRuns, MOST_RUNS } from '../bulk-cancel.ts'
import { given } from '../given.ts'
import { answer, type Route, route } from '../route.ts'
import { actorOf, idParams, pageQuery, said, searchedOf, someOf } from '../schemas.ts'
import { problemSchema } from '../underway-schema.ts'
import { totalsSchema, verdictName } from '../verdicts.ts'

const values = z.record(z.string(), z.unknown())

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
  range: values.nullable(),
  worker: z.string().nullable(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  totals: totalsSchema,
  cursor: z.string(),
})

const runStatus = runSchema.omit({ cursor: true }).extend({
  inFlight: z.int(),
  steps: z.object({
    calls: z.int(),
    reused: z.int(),
    asked: z.int(),
    needsReconcile: z.int(),
  }),
})

const unitSchema = z.object({
  key: values,
  verdict: verdictName,
  reason: z.string().nullable(),
  existing: values.nullable().describe('The primary key of the row that it met.'),
  at: z.string(),
  cursor: z.string(),
})

const cancelled = { cancelled: z.boolean(), claims: z.int() }

const manyCancelled = z.object({
  runs: z.int().describe('How many were cancelled.'),
  claims: z.int().describe('How many keys are free.'),
  results: z.array(
    z.object({
      run: z.uuid(),
      guard: z.string(),
      ...cancelled,
      error: problemSchema.nullable().describe('Why this one could not be cancelled.'),
    }),
  ),
})

const runsQuery = pageQuery.extend({
  guard: z.string().optional(),
  state: someOf(RUN_STATES).optional().describe('One, or several with commas between.'),
  actor: z.string().optional(),
  reason: z.string().optional().describe('A text that it has in it.'),
  since: z.string().optional().describe('How long ago (`1d`), or a moment in ISO form.'),
  until: z.string().optional(),
})

const unitsQuery = pageQuery.extend({ verdict: verdictName.optional() })

const manyBody = z.object({
  guard: z.string().optional(),
  state: z.enum(CANCELLABLE).optional().describe('Default: all that can be cancelled.'),
  actor: z.string().optional().describe('Who started them.'),
  since: z.string().optional(),
  expect: z.int().min(0).describe('How many runs were confirmed.'),
  runs: z
    .array(z.uuid())
    .max(MOST_RUNS)
    .optional()
    .describe('Which, by their ids: as many others are not cancelled for them.'),
  reason: said.shape.reason,
  cancelledBy: said.shape.actor.describe('Who cancels, where no token says so.'),
})

const reading: readonly Route[] = [
  route({
    method: 'get',
    shared: true,
    path: '/runs',
    summary: 'Runs of rows and of work, newest first.',
    tag: 'runs',
    query: runsQuery,
    answers: { 200: { description: 'A page of runs.', schema: searchedOf(runSchema) } },
    handle: async ({ query: { cursor, ...filter } }, { once }) =>
      answer(200, await once.searchRuns(given({ ...filter, after: cursor }))),
  }),
  route({
    method: 'get',
    shared: true,
    path: '/runs/:id',
    summary: 'One run, with what it holds now and what its external calls came to.',
    tag: 'runs',
    params: idParams,
    answers: { 200: { description: 'The run.', schema: runStatus } },
    handle: async ({ params }, { once }) => answer(200, await once.status(params.id)),
  }),
  route({
    method: 'get',
    shared: true,
    path: '/runs/:id/units',
    summary: 'The units of a run, each with its verdict, the latest first.',
    tag: 'runs',
    params: idParams,
    query: unitsQuery,
    answers: { 200: { description: 'A page of units.', schema: searchedOf(unitSchema) } },
    handle: async ({ params, query: { cursor, ...filter } }, { once }) =>
      answer(200, await once.unitsOf(params.id, given({ ...filter, after: cursor }))),
  }),
]

/** Runs of rows and of work. */
export const runRoutes: readonly Route[] = [
  ...reading,
  route({
    method: 'post',
    path: '/runs/cancel',
    summary: 'Cancels all runs that match, if they are those that were confirmed.',
    tag: 'runs',
    body: manyBody,
    answers: { 200: { description: 'What became of each.', schema: manyCancelled } },
    handle: async ({ body, caller }, { once }) => {
      const { reason, cancelledBy, expect, runs: confirmed, ...filter } = body
      const runs = await freezeRuns(once, given(filter), { expect, runs: confirmed })
      const how = given({ reason, actor: actorOf(caller, cancelledBy) })
      return answer(200, await cancelRuns(once, runs, how))
    },
  }),
  route({
    method: 'post',
    path: '/runs/:id/cancel',
    summary: 'Cancels a run: its claims are cancelled and their keys free; what is done stays.',
    tag: 'runs',
    params: idParams,
    body: said,
    answers: {
      200: { description: 'What was cancelled.', schema: z.object(cancelled) },
    },
    handle: async ({ params, body, caller }, { once }) => {
      const how = given({ reason: body.reason, actor: actorOf(caller, body.actor) })
      return answer(200, await once.cancel(params.id, how))
    },
  }),
]
