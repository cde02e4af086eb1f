import { afterAll, beforeAll, expect, test } from 'vitest'
import { date, guard, int, type Onceover, onceover } from '../../src/index.ts'
import { HeavyReads } from '../../src/server/heavy-reads.ts'
import { type Server, server } from '../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const visits = guard('visits', {
  table: 'visits',
  key: { day: date(), patient: int() },
  matrix: { entity: 'patient', period: 'day' },
})

let database: TestDatabase
let once: Onceover
let served: Server

beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query(
    'CREATE TABLE visits (id int PRIMARY KEY, day date NOT NULL, patient int NOT NULL)',
  )
  once = await onceover({ db: database.url })
  await once.migrate()
  served = server({ once, guards: [visits] })
})

afterAll(async () => {
  await served.close()
  await once.close()
  await database.drop()
})

const get = (path: string) => served.fetch(new Request(`http://127.0.0.1/${path}`))

test('a locked table keeps nobody from reading the ledger', async () => {
  const client = await database.pool.connect()
  try {
    // The guard is known before its table is locked.
    expect((await get('api/guards/visits/matrix')).status).toBe(200)
    await client.query('BEGIN; LOCK visits IN ACCESS EXCLUSIVE MODE')
    const spans = Array.from(
      { length: 12 },
      (_, n) => `from=2025-10-0${1 + (n % 9)}&to=2025-12-${10 + n}`,
    )
    const matrices = spans.map((span) => get(`api/guards/visits/matrix?${span}`))
    expect((await get('readyz')).status).toBe(200)
    expect((await get('api/runs')).status).toBe(200)
    await client.query('ROLLBACK')
    const statuses = await Promise.all(matrices.map(async (each) => (await each).status))
    expect(statuses).toEqual(spans.map(() => 200))
  } finally {
    client.release()
  }
})

test('whoever fails makes room for the next', async () => {
  const reads = new HeavyReads()
  const fails = () => reads.run(() => Promise.reject(new Error('lost')))
  await Promise.allSettled(Array.from({ length: 5 }, fails))
  expect(await reads.run(() => 1)).toBe(1)
})
