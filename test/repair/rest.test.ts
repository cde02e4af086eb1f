import { guard, int, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

const visits = guard('visits', { table: 'visits', key: { v: int() } })

beforeEach(async () => {
  await db.pool.query(`DROP TABLE IF EXISTS visits; CREATE TABLE visits (id int PRIMARY KEY, v int);
    INSERT INTO visits SELECT i, i / 2 FROM generate_series(0, 59) i`)
})

/** Applies a plan of 30 losers and is stopped after the first. */
async function begin() {
  const plan = await once.planRepair(visits)
  const stop = new AbortController()
  const onProgress = () => stop.abort()
  await once.applyRepair(visits, plan, { batchMs: 0.5, signal: stop.signal, onProgress })
  return plan
}

test.each([
  ['the table has another column', () => db.pool.query('ALTER TABLE visits ADD x int')],
  [
    'its journal was dropped',
    async (repair: string) => {
      await db.pool.query(`DROP TABLE onceover.repair_${repair}_losers`)
    },
  ],
])('a repair that was begun is planned anew for the rest where %s', async (_, change) => {
  const { repair } = await begin()
  await change(repair)
  const enforced = await once.enforce(visits, { repair: true })
  expect(enforced).toMatchObject({ created: true, repairs: [{ rows: 29, removed: 29 }] })
  expect(await once.repairs({ id: repair })).toMatchObject([{ state: 'applying', removed: 1 }])
  expect((await db.pool.query('SELECT FROM visits')).rowCount).toBe(30)
})

test('a repair that was begun is gone on with', async () => {
  const { repair } = await begin()
  const enforced = await once.enforce(visits, { repair: true })
  expect(enforced).toMatchObject({ repairs: [{ repair, rows: 30, removed: 30 }] })
})
