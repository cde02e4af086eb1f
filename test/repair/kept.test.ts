import { guard, int, type Onceover, onceover, type RepairPlan } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const visits = guard('visits', { table: 'visits', key: { patient: int() }, keep: ['id asc'] })

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  await db.pool.query(`CREATE TABLE visits (id int PRIMARY KEY, patient int NOT NULL);
    INSERT INTO visits SELECT n, n % 3 FROM generate_series(1, 9) n`)
})

afterAll(async () => {
  await once?.close()
  await db?.drop()
})

/** Drops the journal of a repair as the runbook does. */
const dropJournal = async ({ repair }: RepairPlan) => {
  const { rows } = await db.pool.query(
    `SELECT oid::regclass::text AS journal FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'onceover'::regnamespace
       AND relname ~ ('^repair_' || $1 || '_(losers|rows_[0-9]+|moves_[0-9]+)$')`,
    [repair],
  )
  for (const { journal } of rows) await db.pool.query(`DROP TABLE ${journal}`)
}

test('a plan whose journal was dropped is not applied, and no row is touched', async () => {
  const plan = await once.planRepair(visits)
  await dropJournal(plan)
  await expect(once.applyRepair(visits, plan)).rejects.toMatchObject({ code: 'JOURNAL_DROPPED' })
  expect((await db.pool.query('SELECT FROM visits')).rowCount).toBe(9)
})

test('a repair whose journal was dropped is not undone, and stays as it was', async () => {
  const plan = await once.planRepair(visits)
  await once.applyRepair(visits, plan)
  await dropJournal(plan)
  await expect(once.undoRepair(plan.repair)).rejects.toMatchObject({ code: 'JOURNAL_DROPPED' })
  expect((await db.pool.query('SELECT FROM visits')).rowCount).toBe(3)
  expect(await once.repairs({ limit: 1 })).toMatchObject([{ id: plan.repair, state: 'applied' }])
})

test('repairs are listed newest first, a page at a time', async () => {
  const [newest, ...others] = await once.repairs()
  expect(others).toHaveLength(1)
  expect(await once.repairs({ limit: 1, after: newest?.cursor ?? '' })).toEqual(others)
  expect(await once.repairs({ after: others[0]?.cursor ?? '' })).toEqual([])
})
