import { afterAll, beforeAll, expect, test } from 'vitest'
import { date, guard, int, type Onceover, onceover } from '../../src/index.ts'
import { type Server, server } from '../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const visits = guard('visits', { table: 'visits', key: { day: date(), patient: int() } })

let database: TestDatabase
let once: Onceover
let served: Server

beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query(
    'CREATE TABLE visits (id int PRIMARY KEY, day date NOT NULL, patient int NOT NULL)',
  )
  once = await onceover({ db: database.pool })
  served = server({ once, guards: [visits] })
})

afterAll(async () => {
  await served.close()
  await once.close()
  await database.drop()
})

const get = (path: string, init?: RequestInit) =>
  served.fetch(new Request(`http://127.0.0.1:4100${path}`, init))

test('says what it is before and after our schema is there', async () => {
  expect(await (await get('/api')).json()).toMatchObject({ schema: 'missing', write: false })
  expect((await get('/readyz')).status).toBe(503)
  await once.migrate()
  expect(await (await get('/api')).json()).toMatchObject({ schema: 'ready', actor: null })
  expect((await get('/readyz')).status).toBe(200)
  expect((await get('/healthz')).status).toBe(200)
})

test('answers what it has not, and a wrong method, with problems', async () => {
  const missing = await get('/api/nothing')
  expect(missing.headers.get('content-type')).toBe('application/problem+json')
  expect(await missing.json()).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' })
  const wrong = await get('/api', { method: 'DELETE' })
  expect(await wrong.json()).toMatchObject({ status: 405, code: 'METHOD_REFUSED' })
})

test('has every route in its document', async () => {
  expect(await (await get('/api/openapi.json')).json()).toMatchObject({
    openapi: '3.1.0',
    paths: { '/api/runs/{id}/cancel': { post: { tags: ['runs'] } } },
  })
})

test('exposes what it counted to Prometheus', async () => {
  await once.enforce(visits)
  await once.insertOne(visits, { id: 1, day: '2025-10-01', patient: 1 })
  await once.insertOne(visits, { id: 2, day: '2025-10-01', patient: 1 })
  const text = await (await get('/metrics')).text()
  expect(text).toContain('onceover_verdicts{verdict="created",reason=""} 1')
  expect(text).toContain('onceover_verdicts{verdict="skipped",reason="exists"} 1')
  expect(text).toMatch(/onceover_http_requests_total\{route="",method="GET",status="200"\} 2/)
})
