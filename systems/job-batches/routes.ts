import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { cancelBatch } from './cancel.ts'
import { BATCH_TYPES } from './configuration.ts'
import { BatchExistsError, BatchNotFoundError, ConfigurationNotFoundError } from './errors.ts'
import { createBatches } from './generate.ts'
import { listActive, previewBatches } from './preview.ts'
import type { Workflow } from './workflow.ts'

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

/**
 * The HTTP routes of the system, to be mounted where you like:
 *
 * - `POST /api/configurations/:id/batches` creates → 201, or 409 naming what exists
 * - `POST /api/configurations/:id/batches/preview` → 200, writes nothing
 * - `GET /api/configurations/:id/batches/active?type=…` → 200, newest first
 * - `POST /api/batches/:id/cancel` → 200 `{ cancelled }`
 *
 * Errors are problem+json: 400 for input that cannot be read, 404 for an unknown id.
 */
export function jobBatchRoutes(workflow: Workflow): Hono {
  return new Hono()
    .post('/api/configurations/:id/batches', async (c) => {
      const configurationId = id.parse(c.req.param('id'))
      const request = creation.parse(await body(c))
      const batches = await createBatches(workflow, { configurationId, ...request })
      return c.json({ batches }, 201)
    })
    .post('/api/configurations/:id/batches/preview', async (c) => {
      const configurationId = id.parse(c.req.param('id'))
      const wanted = previewing.parse(await body(c))
      return c.json(await previewBatches(workflow, { configurationId, ...wanted }))
    })
    .get('/api/configurations/:id/batches/active', async (c) => {
      const configurationId = id.parse(c.req.param('id'))
      const types = z.array(batchType).parse(c.req.queries('type') ?? [...BATCH_TYPES])
      return c.json({ batches: await listActive(workflow, { configurationId, types }) })
    })
    .post('/api/batches/:id/cancel', async (c) => {
      const batchId = id.parse(c.req.param('id'))
      const request = cancellation.parse(await body(c))
      return c.json({ cancelled: await cancelBatch(workflow, { batchId, ...request }) })
    })
    .onError((error, c) => problem(c, error))
}

// Anything but application/json is refused, so that no plain HTML form can write.
async function body(c: Context): Promise<unknown> {
  if (!c.req.header('content-type')?.startsWith('application/json')) {
    throw new SyntaxError('The body must be application/json')
  }
  return c.req.json()
}

function problem(c: Context, error: Error): Response {
  if (error instanceof BatchExistsError) {
    const { message, existing, waysOut } = error
    return answer(c, 409, 'active-batch-exists', message, { existing, waysOut })
  }
  if (error instanceof BatchNotFoundError || error instanceof ConfigurationNotFoundError) {
    return answer(c, 404, 'not-found', error.message)
  }
  if (error instanceof z.ZodError) {
    return answer(c, 400, 'invalid-input', z.prettifyError(error), { issues: error.issues })
  }
  if (error instanceof SyntaxError) return answer(c, 400, 'invalid-input', error.message)
  return answer(c, 500, 'internal', 'The request failed; see the log of the server.')
}

function answer(
  c: Context,
  status: 400 | 404 | 409 | 500,
  type: string,
  detail: string,
  more: Record<string, unknown> = {},
): Response {
  const title = type.replaceAll('-', ' ')
  const shape = { type: `/problems/${type}`, title, status, detail, ...more }
  return c.body(JSON.stringify(shape), status, { 'content-type': 'application/problem+json' })
}
