import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobBatchRoutes } from '../../../systems/job-batches/routes.ts'
import { batchesOf, startSystem, type TestSystem } from './system.ts'

let system: TestSystem
let app: Hono
beforeAll(async () => {
  system = await startSystem()
  app = jobBatchRoutes(system)
})
afterAll(() => system.stop())

interface Reply {
  readonly status: number
  readonly type: string | null
  // The shape of a reply is what each test asserts.
  readonly body: Record<string, unknown>
}

async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Reply> {
  const response = await app.request(path, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  })
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Record<string, unknown>,
  }
}

const create = (configurationId: number, more: Record<string, unknown> = {}) =>
  call('POST', `/api/configurations/${configurationId}/batches`, { actor: 'ana', ...more })

test('creating answers 201 with the batches and their jobs', async () => {
  const { status, body } = await create(await system.configuration())

  expect(status).toBe(201)
  expect(body).toEqual({
    batches: [
      { id: expect.any(Number), type: 'EDM_CREATION', copyNumber: 0, jobs: 3 },
      { id: expect.any(Number), type: 'PORTFOLIO_CREATION', copyNumber: 0, jobs: 5 },
    ],
  })
})

test('creating again answers 409 problem+json with what exists and the ways out', async () => {
  const configurationId = await system.configuration()
  await create(configurationId, { types: ['EDM_CREATION'] })

  const { status, type, body } = await create(configurationId)

  expect(status).toBe(409)
  expect(type).toContain('application/problem+json')
  expect(body).toMatchObject({
    code: 'ACTIVE_BATCH_EXISTS',
    status: 409,
    detail: expect.stringContaining('Active batch already exists'),
    existing: [{ type: 'EDM_CREATION', status: 'INITIATED', jobs: 3, created: expect.any(String) }],
    waysOut: [expect.any(String), expect.any(String), expect.any(String)],
  })
  expect(await batchesOf(system.pool, configurationId)).toHaveLength(1)
})

test('creating with allowDuplicate answers 201 with a numbered copy', async () => {
  const configurationId = await system.configuration()
  await create(configurationId)

  const allowDuplicate = { reason: 'the list changed', actor: 'ben' }
  const { status, body } = await create(configurationId, { allowDuplicate })

  expect(status).toBe(201)
  expect(body).toMatchObject({ batches: [{ copyNumber: 1 }, { copyNumber: 1 }] })
})

test('a preview answers 200 and creates nothing', async () => {
  const configurationId = await system.configuration()

  const path = `/api/configurations/${configurationId}/batches/preview`
  const { status, body } = await call('POST', path, { types: ['EDM_CREATION'] })

  expect(status).toBe(200)
  expect(body).toEqual({
    configurationId,
    planned: [{ type: 'EDM_CREATION', jobs: 3, exists: false }],
    existing: [],
  })
  expect(await batchesOf(system.pool, configurationId)).toEqual([])
})

test('cancelling answers true, then false, and frees the key', async () => {
  const configurationId = await system.configuration()
  await create(configurationId, { types: ['EDM_CREATION'] })
  const [batch] = await batchesOf(system.pool, configurationId)
  const cancel = () =>
    call('POST', `/api/batches/${batch?.id}/cancel`, { reason: 'mistake', actor: 'ana' })

  expect(await cancel()).toMatchObject({ status: 200, body: { cancelled: true } })
  expect(await cancel()).toMatchObject({ status: 200, body: { cancelled: false } })
  expect(await create(configurationId)).toMatchObject({ status: 201 })
})

test('active batches are listed newest first and by type', async () => {
  const configurationId = await system.configuration()
  await create(configurationId, { types: ['EDM_CREATION'] })
  await create(configurationId, { types: ['PORTFOLIO_CREATION'] })
  const path = `/api/configurations/${configurationId}/batches/active`

  expect((await call('GET', path)).body).toMatchObject({
    batches: [{ type: 'PORTFOLIO_CREATION' }, { type: 'EDM_CREATION' }],
  })
  expect((await call('GET', `${path}?type=EDM_CREATION`)).body).toMatchObject({
    batches: [{ type: 'EDM_CREATION', jobs: 3 }],
  })
})

test.each([
  ['an unknown configuration', '/api/configurations/999999/batches', { actor: 'ana' }],
  ['an unknown batch', '/api/batches/999999/cancel', { reason: 'x', actor: 'ana' }],
])('%s answers 404', async (_, path, body) => {
  expect(await call('POST', path, body)).toMatchObject({
    status: 404,
    type: expect.stringContaining('application/problem+json'),
    body: { detail: expect.stringContaining('999999 not found') },
  })
})

test.each([
  ['an id that is no number', '/api/configurations/abc/batches', { actor: 'ana' }],
  ['an id beyond integer', '/api/configurations/99999999999/batches', { actor: 'ana' }],
  ['no actor', '/api/configurations/1/batches', {}],
  ['an unknown type', '/api/configurations/1/batches', { actor: 'ana', types: ['X'] }],
  ['an unknown option', '/api/configurations/1/batches', { actor: 'ana', force: true }],
  [
    'an allowance without a reason',
    '/api/configurations/1/batches',
    { actor: 'ana', allowDuplicate: { actor: 'ana' } },
  ],
  ['a blank reason', '/api/batches/1/cancel', { reason: '  ', actor: 'ana' }],
])('%s answers 400', async (_, path, body) => {
  expect(await call('POST', path, body)).toMatchObject({
    status: 400,
    type: expect.stringContaining('application/problem+json'),
    body: { code: 'INPUT_INVALID' },
  })
})

test('a body that is no JSON answers 400, and none or one of another type 415', async () => {
  const path = '/api/batches/1/cancel'
  expect(await call('POST', path, '{')).toMatchObject({ status: 400 })
  expect(await call('POST', path)).toMatchObject({ status: 415 })
})
