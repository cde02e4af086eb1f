import { date, guard, int, onceover } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const visits = guard('visits', {
  table: 'visits',
  key: { day: date(), patient: int() },
  keep: ['id asc'],
})

const role = `once_repairer_${process.pid}`

let database: TestDatabase
let url: string

beforeAll(async () => {
  database = await testDatabase()
  const { pool } = database
  const once = await onceover({ db: pool })
  await once.migrate()
  await once.close()
  await pool.query(`
    CREATE TABLE visits (id int PRIMARY KEY, day date NOT NULL, patient int NOT NULL);
    CREATE TABLE notes (id int PRIMARY KEY, visit int NOT NULL REFERENCES visits);
    CREATE INDEX ON notes (visit);
    INSERT INTO visits SELECT n, date '2025-10-23', n % 3 FROM generate_series(1, 9) n;
    INSERT INTO notes SELECT n, n FROM generate_series(1, 9) n;
    CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
  const own = new URL(database.url)
  own.username = role
  own.password = 'x'
  url = own.href
})

afterAll(async () => {
  await database?.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await database?.drop()
})

/** The page's grants for planning, applying and undoing. */
const GRANTS = [
  `GRANT SELECT, INSERT, UPDATE, DELETE ON visits, notes TO ${role}`,
  `GRANT USAGE, CREATE ON SCHEMA onceover TO ${role}`,
  `GRANT SELECT, INSERT, UPDATE ON onceover.repair TO ${role}`,
]

test('a role needs no more than the runbook says to plan, apply and undo', async () => {
  for (const grant of GRANTS) await database.pool.query(grant)
  const once = await onceover({ db: url })
  const plan = await once.planRepair(visits)
  expect(plan).toMatchObject({ rows: 6, children: [{ rows: 6 }] })
  expect(await once.applyRepair(visits, plan)).toMatchObject({ removed: 6, moved: 6 })
  expect(await once.undoRepair(plan.repair)).toMatchObject({ restored: 6, reverted: 6 })
  await once.close()
})

test.each(GRANTS)('it needs this: %s', async (grant) => {
  await database.pool.query(grant.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM '))
  const once = await onceover({ db: url })
  const all = async () => {
    const plan = await once.planRepair(visits)
    await once.applyRepair(visits, plan)
    await once.undoRepair(plan.repair)
  }
  await expect(all()).rejects.toMatchObject({ name: 'OnceoverError' })
  await once.close()
  await database.pool.query(grant)
})
