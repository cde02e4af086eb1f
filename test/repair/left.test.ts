import { guard, int, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

const visits = guard('visits', { table: 'visits', key: { v: int() }, keep: ['id asc'] })
const spread = guard('spread', { table: 'spread', key: { v: int() }, keep: ['id asc'] })

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

beforeEach(async () => {
  await db.pool.query(`DROP TABLE IF EXISTS visits, spread;
    CREATE TABLE visits (id int PRIMARY KEY, v int);
    INSERT INTO visits SELECT i, i / 3 FROM generate_series(0, 899) i;
    CREATE TABLE spread (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
    CREATE TABLE spread_1 PARTITION OF spread FOR VALUES FROM (0) TO (450);
    CREATE TABLE spread_2 PARTITION OF spread FOR VALUES FROM (450) TO (900);
    INSERT INTO spread SELECT i, i / 3 FROM generate_series(0, 899) i`)
})

test('where nothing was written since, none is left', async () => {
  const plan = await once.planRepair(visits)
  expect(await once.applyRepair(visits, plan)).toMatchObject({
    ...{ removed: 600, skipped: 0, left: { groups: 0, excess: 0 } },
  })
})

test('duplicates that came since the plan was made are counted', async () => {
  const plan = await once.planRepair(visits)
  await db.pool.query('INSERT INTO visits VALUES (1000, 7), (1001, 8), (1002, 8)')
  expect(await once.applyRepair(visits, plan)).toMatchObject({
    ...{ removed: 600, left: { groups: 2, excess: 3 } },
  })
})

test('a row whose writer was under way while it was planned is counted', async () => {
  const writer = await db.pool.connect()
  await writer.query('BEGIN; INSERT INTO visits VALUES (1000, 7)')
  const plan = await once.planRepair(visits)
  await writer.query('COMMIT')
  writer.release()
  expect(await once.applyRepair(visits, plan)).toMatchObject({
    ...{ removed: 600, left: { groups: 1, excess: 1 } },
  })
})

test('a loser that stays is counted', async () => {
  const plan = await once.planRepair(visits)
  await db.pool.query('UPDATE visits SET v = v WHERE id = 4')
  expect(await once.applyRepair(visits, plan, { onDrift: 'skip' })).toMatchObject({
    ...{ removed: 599, skipped: 1, left: { groups: 1, excess: 1 } },
  })
})

test('a table that was rewritten since is repaired as planned', async () => {
  const plan = await once.planRepair(visits)
  await db.pool.query(`DELETE FROM visits WHERE id = 0; INSERT INTO visits VALUES (0, 5000);
    CREATE INDEX visits_v ON visits (v DESC, id DESC); CLUSTER visits USING visits_v`)
  expect(await once.applyRepair(visits, plan, { onDrift: 'skip' })).toMatchObject({
    ...{ removed: 598, skipped: 2, why: { keeper: 2 }, left: { groups: 1, excess: 1 } },
  })
  const { rows } = await db.pool.query('SELECT id FROM visits WHERE v < 4 ORDER BY id')
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 6, 9])
})

test('partitions may have rows in the same places', async () => {
  const before = await db.pool.query('SELECT * FROM spread ORDER BY id')
  const plan = await once.planRepair(spread)
  expect(await once.applyRepair(spread, plan)).toMatchObject({
    ...{ removed: 600, skipped: 0, left: { groups: 0, excess: 0 } },
  })
  await once.undoRepair(plan.repair)
  const after = await db.pool.query('SELECT * FROM spread ORDER BY id')
  expect(after.rows).toEqual(before.rows)
})

test('a plan shows the largest groups, the keeper before the losers', async () => {
  await db.pool.query('INSERT INTO visits SELECT i, 7 FROM generate_series(1000, 1009) i')
  const { largest } = await once.planRepair(visits)
  expect(largest).toHaveLength(10)
  expect(largest[0]).toMatchObject({
    ...{ key: { v: 7 }, rows: 13, keeper: { id: '21' } },
    losers: [{ id: '22' }, { id: '23' }, { id: '1000' }, { id: '1001' }, { id: '1002' }],
  })
})
