import { guard, int, type Onceover, onceover } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

const role = `once_applier_${process.pid}`

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  await db.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
})
afterAll(async () => {
  await once.close()
  await db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await db.drop()
})

const query = async (sql: string) => (await db.pool.query(sql)).rows

const visits = guard('visits', { table: 'visits', key: { v: int() } })

beforeEach(async () => {
  await query(`DROP TABLE IF EXISTS lines, visits CASCADE;
    CREATE TABLE visits (id int, v int, PRIMARY KEY (id, v)) PARTITION BY RANGE (v);
    CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (100);
    CREATE TABLE lines (id int PRIMARY KEY, visit int, v int, secret bool);
    CREATE INDEX ON lines (visit, v);
    INSERT INTO visits VALUES (1, 1), (2, 1);
    INSERT INTO lines VALUES (1, 1, 1, false), (2, 2, 1, true)`)
})

const pointingTo = (table: string) =>
  query(`ALTER TABLE lines ADD CONSTRAINT of_visit FOREIGN KEY (visit, v)
    REFERENCES ${table} (id, v) ON DELETE CASCADE`)

const lines = () => query('SELECT id, visit FROM lines ORDER BY id')

describe('rows that a cascade would take without a journal', () => {
  test('because their foreign key points to a partition by itself refuse the plan', async () => {
    await pointingTo('visits_1')
    await expect(once.planRepair(visits)).rejects.toMatchObject({
      code: 'REPAIR_REFUSED',
      details: { hazards: [{ code: 'child_unsupported' }] },
    })
  })

  test('because such a foreign key came since refuse the apply', async () => {
    const plan = await once.planRepair(visits)
    await pointingTo('visits_1')
    await expect(once.applyRepair(visits, plan)).rejects.toMatchObject({ code: 'REPAIR_REFUSED' })
    expect(await lines()).toHaveLength(2)
  })

  test('because such a foreign key comes meanwhile end the apply', async () => {
    await query(`TRUNCATE lines; INSERT INTO visits SELECT i, 2 FROM generate_series(3, 40) i`)
    const plan = await once.planRepair(visits)
    let coming: Promise<unknown> | undefined
    const onProgress = () => {
      coming ??= pointingTo('visits_1')
    }
    const slowly = { batchMs: 1, walBytesPerS: 20_000, onProgress }
    await expect(once.applyRepair(visits, plan, slowly)).rejects.toMatchObject({
      code: 'PLAN_DRIFTED',
    })
    await coming
  })

  test('because a policy hides them from who applies refuse the apply', async () => {
    await pointingTo('visits')
    const plan = await once.planRepair(visits)
    await query(`ALTER TABLE lines ENABLE ROW LEVEL SECURITY;
      CREATE POLICY open ON lines USING (NOT secret);
      GRANT USAGE, CREATE ON SCHEMA onceover TO ${role};
      GRANT ALL ON ALL TABLES IN SCHEMA onceover, public TO ${role}`)
    const url = new URL(db.url)
    url.username = role
    url.password = 'x'
    const pool = new pg.Pool({ connectionString: url.href })
    const theirs = await onceover({ db: pool })
    await expect(theirs.applyRepair(visits, plan)).rejects.toMatchObject({
      code: 'REPAIR_REFUSED',
      details: { hazards: [{ code: 'row_security' }] },
    })
    expect(await lines()).toEqual([
      { id: 1, visit: 1 },
      { id: 2, visit: 2 },
    ])
    await theirs.close()
    await pool.end()
  })
})
