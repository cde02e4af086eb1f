import { type Context, Hono } from 'hono'
import { duplicates } from 'onceover/hono'
import { z } from 'zod'
import { jsonBody, problem } from '../problem.ts'
import { cancelBatch } from './cancel.ts'
import { BATCH_TYPES } from './configuration.ts'
import {
  BatchExistsError,
  BatchFinishedError,
  BatchNotFoundError,
  ConfigurationNotFoundError,
  JobNotFoundError,
  NothingToSettleError,
} from './errors.ts'
import { createBatches } from './generate.ts'
import { jobBatches, jobSubmissions } from './guards.ts'
import { listActive, previewBatches } from './preview.ts'
import { listSubmissions } from './submission-list.ts'
import { settleSubmission, submitBatches } from './submit.ts'
import type { SubmittingWorkflow } from './workflow.ts'

const said = z.string().trim().min(1).max(500)
const id = z.coerce.number().int().positive().max(2_147_483_647)
const batchType = z.enum(BATCH_TYPES)

const creation = z.strictObject({
  actor: said,
  types: z.array(batchType).min(1).optional(),
  allowDuplicate: z.strictObject({ reason: said, actor: said }).optional(),
})
const previewing = z.strictObject({ types: z.array(batchType).min(1).optional() })
const cancellation = z.strictObject({ reason: said, actor: said })
const submitting = z.strictObject({ actor: said })
const finding = z.union([
  z.strictObject({ actor: said, externalId: said }),
  z.strictObject({ actor: said, neverTaken: z.literal(true) }),
])

const DONE: readonly string[] = ['created', 'skipped']

/**
 * The HTTP routes of the system, to be mounted where you like:
 *
 * - `POST /api/configurations/:id/batches` creates → 201, or 409 naming what exists
 * - `POST /api/configurations/:id/batches/preview` → 200, writes nothing
 * - `GET /api/configurations/:id/batches/active?type=…` → 200, newest first
 * - `POST /api/batches/:id/cancel` → 200 `{ cancelled }`
 * - `POST /api/batches/:id/submit` → 200 with a verdict per job, or 207 where some job was not
 *   submitted
 * - `GET /api/batches/:id/submissions` → 200, each job with what the API calls it
 * - `POST /api/jobs/:id/submission/settle` → 200, a submission whose answer was lost is finished
 *   with what a person found out
 *
 * Errors are problem+json: 400 for input that does not fit, 404 for an unknown id.
 */
export function jobBatchRoutes(workflow: SubmittingWorkflow): Hono {
  return new Hono()
    .use(duplicates({ once: workflow.once, guards: [jobBatches, jobSubmissions] }))
    .post('/api/configurations/:id/batches', async (c) => {
      const configurationId = id.parse(c.req.param('id'))
      const request = creation.parse(await jsonBody(c))
      const batches = await createBatches(workflow, { configurationId, ...request })
      return c.json({ batches }, 201)
    })
    .post('/api/configurations/:id/batches/preview', async (c) => {
      const configurationId = id.parse(c.req.param('id'))
      const wanted = previewing.parse(await jsonBody(c))
      return c.json(await previewBatches(workflow, { configurationId, ...wanted }))
    })
    .get('/api/configurations/:id/batches/active', async (c) => {
      const configurationId = id.parse(c.req.param('id'))
      const types = z.array(batchType).optional().parse(c.req.queries('type'))
      return c.json({ batches: await listActive(workflow, { configurationId, types }) })
    })
    .post('/api/batches/:id/cancel', async (c) => {
      const batchId = id.parse(c.req.param('id'))
      const request = cancellation.parse(await jsonBody(c))
      return c.json({ cancelled: await cancelBatch(workflow, { batchId, ...request }) })
    })
    .post('/api/batches/:id/submit', async (c) => {
      const batchId = id.parse(c.req.param('id'))
      const { actor } = submitting.parse(await jsonBody(c))
      const submitted = await submitBatches(workflow, { batchIds: [batchId], actor })
      const partial = submitted.jobs.some(({ verdict }) => !DONE.includes(verdict))
      return c.json(submitted, partial ? 207 : 200)
    })
    .get('/api/batches/:id/submissions', async (c) => {
      const batchId = id.parse(c.req.param('id'))
      return c.json({ jobs: await listSubmissions(workflow, { batchId }) })
    })
    .post('/api/jobs/:id/submission/settle', async (c) => {
      const jobId = id.parse(c.req.param('id'))
      const found = finding.parse(await jsonBody(c))
      const externalId = 'externalId' in found ? found.externalId : undefined
      return c.json(await settleSubmission(workflow, { jobId, actor: found.actor, externalId }))
    })
    .onError((error, c) => refused(c, error))
}

// What this system refuses itself has the shape that problem() gives to every other error.
function refused(context: Context, error: Error): Response {
  if (error instanceof BatchExistsError) {
    const { message, existing, waysOut } = error
    return answer(context, 409, 'ACTIVE_BATCH_EXISTS', message, { existing, waysOut })
  }
  if (error instanceof ConfigurationNotFoundError) {
    return answer(context, 404, 'UNKNOWN_CONFIGURATION', error.message)
  }
  if (error instanceof BatchNotFoundError) {
    return answer(context, 404, 'UNKNOWN_BATCH', error.message)
  }
  if (error instanceof JobNotFoundError) {
    return answer(context, 404, 'UNKNOWN_JOB', error.message)
  }
  if (error instanceof NothingToSettleError) {
    return answer(context, 409, 'NOTHING_TO_SETTLE', error.message)
  }
  if (error instanceof BatchFinishedError) {
    return answer(context, 409, 'BATCH_FINISHED', error.message)
  }
  return problem(context, error)
}

function answer(
  context: Context,
  status: 404 | 409,
  code: string,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  const title = code.toLowerCase().replaceAll('_', ' ')
  const document = { type: `about:blank#${code}`, title, status, detail, code, ...more }
  return context.body(JSON.stringify(document), status, {
    'content-type': 'application/problem+json',
  })
}
