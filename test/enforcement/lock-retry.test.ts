import { guard, int } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Enforcement } from '../../src/enforcement/enforcement.ts'
import { withShortLocks } from '../../src/enforcement/lock-retry.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let database: Database

beforeAll(async () => {
  db = await testDatabase()
  database = openDatabase(db.pool)
})

afterAll(() => db.drop())

test('a statement that keeps others waiting too long is ended, and gets longer later', async () => {
  const enforcement = new Enforcement(guard('g', { table: 't', key: { v: int() } }), {}, 60_000)
  const { session, close } = await database.connect()
  let tries = 0
  await withShortLocks(enforcement, session, [], async () => {
    tries++
    await session.query(sql`SELECT pg_sleep(0.4)`)
  })
  expect(tries).toBeGreaterThan(1)
  await close()
})
