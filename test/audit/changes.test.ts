import { afterAll, beforeAll, expect, test } from 'vitest'
import { guard, int, type Onceover, onceover } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const visits = guard('visits', { table: 'visits', key: { patient: int() } })

let database: TestDatabase
let once: Onceover

beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query('CREATE TABLE visits (id serial PRIMARY KEY, patient int UNIQUE)')
  once = await onceover({ db: database.pool })
  await once.migrate()
})

afterAll(async () => {
  await once.close()
  await database.drop()
})

test('tells of an event whose transaction was open at the first look', async () => {
  const client = await database.pool.connect()
  try {
    await client.query('BEGIN')
    await once.insert(visits, [{ patient: 1 }], { handle: client })
    await once.insertOne(visits, { patient: 2 })
    const reader = once.changes()
    expect(await reader.read()).toEqual({ changes: [], more: false })
    await client.query('COMMIT')
    const { changes } = await reader.read()
    expect(changes.filter(({ kind }) => kind === 'event')).toMatchObject([{ verdict: 'created' }])
    expect(await reader.read()).toEqual({ changes: [], more: false })
  } finally {
    client.release()
  }
})
