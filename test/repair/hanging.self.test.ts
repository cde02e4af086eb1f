import { type Guard, guard, int, type Onceover, onceover } from 'onceover'
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

// The losers are 2 and 4, and 4 hangs on 2: the batch of 2 moves a loser of the next one.
const table = (name: string, partitions: string) => `
  CREATE TABLE ${name} (id int PRIMARY KEY, v int, up int REFERENCES ${name}, note text)
    ${partitions};
  CREATE INDEX ON ${name} (up)`

const rows = (name: string) => `
  INSERT INTO ${name} (id, v, up) VALUES (1, 1, NULL), (2, 1, NULL), (3, 2, NULL), (4, 2, 2)`

beforeEach(async () => {
  await db.pool.query(`DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s;
    ${table('s.plain', '')}; ${table('s.parted', 'PARTITION BY RANGE (id)')};
    CREATE TABLE s.parted_1 PARTITION OF s.parted FOR VALUES FROM (0) TO (100);
    ${rows('s.plain')}; ${rows('s.parted')}`)
})

const by = (name: string): Guard => guard(name, { table: `s.${name}`, key: { v: int() } })

test.each([
  ['plain', "note = 'n'"],
  ['parted', "note = 'n'"],
  ['plain', 'v = 9'],
  ['parted', 'v = 9'],
])('a loser of %s that got %s stays, though it hung on another loser', async (name, change) => {
  const plan = await once.planRepair(by(name))
  await db.pool.query(`UPDATE s.${name} SET ${change} WHERE id = 4`)
  const applied = await once.applyRepair(by(name), plan, { onDrift: 'skip', batchMs: 0.5 })
  expect(applied).toMatchObject({ removed: 1, moved: 1, skipped: 1 })
  expect((await db.pool.query(`SELECT id, up FROM s.${name} ORDER BY id`)).rows).toEqual([
    { id: 1, up: null },
    { id: 3, up: null },
    { id: 4, up: 1 },
  ])
})

test.each(['plain', 'parted'])('an unchanged loser of %s that hung on one goes', async (name) => {
  const plan = await once.planRepair(by(name))
  const applied = await once.applyRepair(by(name), plan, { batchMs: 0.5 })
  expect(applied).toMatchObject({ removed: 2, moved: 1, skipped: 0 })
  expect(await once.undoRepair(plan.repair)).toMatchObject({ restored: 2, reverted: 1 })
  expect((await db.pool.query(`SELECT id, up FROM s.${name} WHERE id = 4`)).rows).toEqual([
    { id: 4, up: 2 },
  ])
})
