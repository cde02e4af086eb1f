import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobBatchRoutes } from '../../../systems/job-batches/routes.ts'
import type { Offer } from '../../../systems/job-batches/submission-api.ts'
import { type PaidSystem, paidSystem } from './paid-system.ts'
import { startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

interface Opened extends PaidSystem {
  readonly app: Hono
  readonly batchId: number
}

const open = async (offers: Offer): Promise<Opened> => {
  const paid = await paidSystem(system, offers)
  return { ...paid, app: jobBatchRoutes(paid.workflow), batchId: paid.batchIds[0] ?? 0 }
}

async function call(app: Hono, path: string, body?: unknown) {
  const response = await app.request(path, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('submitting answers 200 with a verdict per job, and can be listed', async () => {
  const { app, batchId, paid } = await open('lookup')

  const answer = await call(app, `/api/batches/${batchId}/submit`, { actor: 'ana' })

  expect(answer).toMatchObject({
    status: 200,
    body: { run: expect.any(String), totals: { created: 3 } },
  })
  expect(paid.bill.charges).toBe(3)
  const submitted = { status: 'SUBMITTED', externalId: expect.stringMatching(/^sub_/), claim: null }
  expect(await call(app, `/api/batches/${batchId}/submissions`)).toMatchObject({
    status: 200,
    body: { jobs: [1, 2, 3].map((itemNumber) => ({ itemNumber, ...submitted })) },
  })
  const again = await call(app, `/api/batches/${batchId}/submit`, { actor: 'ana' })
  expect(again).toMatchObject({ status: 200, body: { jobs: [] } })
})

test('a job that the API refuses answers 207, and the list says why', async () => {
  const { app, batchId, paid } = await open('lookup')
  let calls = 0
  paid.behave(() => (++calls === 1 ? { fault: 'refuses' } : {}))

  const answer = await call(app, `/api/batches/${batchId}/submit`, { actor: 'ana' })

  expect(answer).toMatchObject({ status: 207, body: { totals: { created: 2, failed: 1 } } })
  const { body } = await call(app, `/api/batches/${batchId}/submissions`)
  expect(body.jobs).toContainEqual(
    expect.objectContaining({
      status: 'INITIATED',
      claim: { state: 'failed', attempt: 1, error: expect.stringContaining('422') },
    }),
  )
})

test('a lost answer is settled with what a person found', async () => {
  const { app, batchId, paid, submit } = await open('neither')
  paid.behave(() => ({ fault: 'breaks' }))
  const { jobs } = await submit({ batchIds: [batchId] })
  paid.behave(() => ({}))
  await submit({ batchIds: [batchId] })
  const settle = (jobId: number | undefined, found: object) =>
    call(app, `/api/jobs/${jobId}/submission/settle`, { actor: 'ben', ...found })

  expect(await settle(jobs[0]?.jobId, { externalId: 'sub_found' })).toMatchObject({
    status: 200,
    body: { verdict: 'created', externalId: 'sub_found' },
  })
  expect(await settle(jobs[1]?.jobId, { neverTaken: true })).toMatchObject({
    status: 200,
    body: { verdict: 'created', externalId: expect.stringMatching(/^sub_/) },
  })
  expect(paid.bill.calls).toBe(4)
  const again = await settle(jobs[0]?.jobId, { externalId: 'sub_other' })
  expect(again.status).toBe(409)
})

test('an unknown batch or job answers 404, a cancelled batch 409, nonsense 400', async () => {
  const { app, batchId } = await open('lookup')
  const actor = 'ana'
  const status = async (path: string, body?: object) => (await call(app, path, body)).status
  expect(await status('/api/batches/999999/submit', { actor })).toBe(404)
  expect(await status('/api/batches/999999/submissions')).toBe(404)
  expect(await status('/api/jobs/999999/submission/settle', { actor, neverTaken: true })).toBe(404)
  expect(await status(`/api/batches/${batchId}/submit`, {})).toBe(400)
  expect(await status('/api/jobs/1/submission/settle', { actor, neverTaken: false })).toBe(400)
  await call(app, `/api/batches/${batchId}/cancel`, { reason: 'wrong data', actor })
  expect(await status(`/api/batches/${batchId}/submit`, { actor })).toBe(409)
})
