import { type Guard, guard, int, type Onceover, onceover, type RepairPlan } from 'onceover'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hashOf } from '../../src/repair/repair-plan.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover
let plan: RepairPlan

const declared = { table: 'visits', key: { v: int() }, keep: ['rank desc'] } as const
const visits = guard('visits', declared)

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

// Ten groups of three, of which the first id is kept.
beforeEach(async () => {
  await db.pool.query(`DROP TABLE IF EXISTS bills, lines, visits CASCADE;
    CREATE TABLE visits (id int PRIMARY KEY, v int NOT NULL, rank int NOT NULL, note text);
    INSERT INTO visits SELECT i, i / 3, 2 - i % 3 FROM generate_series(0, 29) i;
    CREATE TABLE lines (id int PRIMARY KEY, visit_id int REFERENCES visits);
    CREATE INDEX ON lines (visit_id)`)
  plan = await once.planRepair(visits)
})

const query = (sql: string) => db.pool.query(sql)
const all = async () =>
  (await query(`SELECT t::text AS row FROM visits t ORDER BY 1`)).rows.map(({ row }) => row)

async function refused(code: string, words: string, of: Guard = visits, given = plan) {
  const before = await all()
  await expect(once.applyRepair(of, given)).rejects.toMatchObject({
    ...{ code, exitCode: 4, message: expect.stringContaining(words) },
  })
  expect(await all()).toEqual(before)
  expect(await once.repairs({ id: plan.repair })).toMatchObject([{ state: 'planned' }])
}

describe('drift is refused where', () => {
  test.each([
    ['a loser changed', "UPDATE visits SET note = 'n' WHERE id = 4", '1 loser has other values'],
    ['a loser was deleted', 'DELETE FROM visits WHERE id IN (4, 7)', '2 losers are gone'],
    ['a loser went elsewhere', 'UPDATE visits SET v = 99 WHERE id = 4', '1 loser has other values'],
    ['a keeper was deleted', 'DELETE FROM visits WHERE id = 3', '2 losers have a keeper'],
    ['a keeper has another key', 'UPDATE visits SET v = 99 WHERE id = 3', '2 losers have a keeper'],
    ['a keeper fell back', 'UPDATE visits SET rank = 0 WHERE id = 3', '2 losers have a keeper'],
    ['a better keeper came', 'INSERT INTO visits VALUES (99, 1, 5)', '2 losers have a keeper'],
    [
      'a row became one',
      'UPDATE visits SET v = 1, rank = 9 WHERE id = 6',
      '4 losers have a keeper',
    ],
    [
      'a column came',
      'ALTER TABLE visits ADD COLUMN extra int',
      'public.visits has a new column extra',
    ],
    [
      'a column went',
      'ALTER TABLE visits DROP COLUMN note',
      'public.visits has no column note any more',
    ],
    [
      'a type changed',
      'ALTER TABLE visits ALTER rank TYPE bigint',
      'public.visits.rank was integer',
    ],
    [
      'a child came',
      'CREATE TABLE bills (visit_id int REFERENCES visits)',
      'rows hang on public.visits by bills_visit_id_fkey of public.bills now',
    ],
    ['a child went', 'DROP TABLE lines', 'nothing hangs on public.visits by lines_visit_id_fkey'],
    [
      'a child is another',
      `DROP TABLE lines; CREATE TABLE lines (id int PRIMARY KEY, visit_id int REFERENCES visits);
      CREATE INDEX ON lines (visit_id)`,
      'public.lines is another table',
    ],
    [
      'a foreign key is another',
      `ALTER TABLE lines DROP CONSTRAINT lines_visit_id_fkey,
        ADD FOREIGN KEY (visit_id) REFERENCES visits ON DELETE CASCADE`,
      'rows hang on public.visits by lines_visit_id_fkey of public.lines in another way',
    ],
    [
      'a unique key of a child came',
      'CREATE UNIQUE INDEX ON lines (visit_id)',
      'rows hang on public.visits by lines_visit_id_fkey of public.lines in another way',
    ],
  ])('%s', async (_, sql, words) => {
    await query(sql)
    await refused('PLAN_DRIFTED', words)
  })

  test.each([
    ['key', guard('visits', { ...declared, key: { v: int(), rank: int() } })],
    ['where', guard('visits', { ...declared, where: 'note IS NULL' })],
    ['keep', guard('visits', { ...declared, keep: ['rank asc'] })],
    ['losers', guard('visits', { ...declared, losers: { set: { v: -1 } } })],
    ['guard', guard('others', declared)],
  ] as const)('the guard has another %s', async (part, other) => {
    await refused('PLAN_DRIFTED', part, other)
  })

  test('the policy of a child is another', async () => {
    const children = [{ table: 'lines', columns: ['visit_id'], policy: 'delete' }] as const
    await refused('PLAN_DRIFTED', 'public.lines', guard('visits', { ...declared, children }))
  })
})

test('duplicates that merely came are no drift, and stay', async () => {
  await query('INSERT INTO visits VALUES (99, 1, -1), (100, 50, 0), (101, 50, 0)')
  expect(await once.applyRepair(visits, plan)).toMatchObject({
    ...{ removed: 20, skipped: 0, left: { groups: 2, excess: 2 } },
  })
})

test('with onDrift skip only what changed is left', async () => {
  await query("UPDATE visits SET note = 'n' WHERE id = 4; DELETE FROM visits WHERE id = 6")
  expect(await once.applyRepair(visits, plan, { onDrift: 'skip' })).toMatchObject({
    ...{ removed: 17, skipped: 3, why: { changed: 1, keeper: 2 } },
  })
})

describe('a plan of another place is refused:', () => {
  test('of a database that has no such repair', async () => {
    const other = await testDatabase()
    const there = await onceover({ db: other.pool })
    await there.migrate()
    await expect(there.applyRepair(visits, plan)).rejects.toMatchObject({ code: 'PLAN_FOREIGN' })
    await there.close()
    await other.drop()
  })

  test('of the database that this one is a copy of, with the same repair in it', async () => {
    const original = await testDatabase()
    const there = await onceover({ db: original.url })
    await there.migrate()
    await there.transaction(async (handle) => {
      await handle.query('CREATE TABLE visits (id int PRIMARY KEY, v int NOT NULL, rank int)')
      await handle.query('INSERT INTO visits SELECT i, i / 3, i FROM generate_series(0, 29) i')
    })
    const theirs = await there.planRepair(visits)
    await there.close()
    const name = new URL(original.url).pathname.slice(1)
    await query(`CREATE DATABASE ${name}_copy TEMPLATE ${name}`)
    const copy = await onceover({ db: `${original.url}_copy` })
    await expect(copy.applyRepair(visits, theirs)).rejects.toMatchObject({
      ...{ code: 'PLAN_FOREIGN', exitCode: 4, message: expect.stringContaining(`${name}_copy`) },
    })
    expect(await copy.scan(visits)).toMatchObject([{ rows: 30 }])
    await copy.close()
    await query(`DROP DATABASE ${name}_copy`)
    await original.drop()
  })

  test('of a repair with the same number', async () => {
    const other = { ...plan, repair: (await once.planRepair(visits)).repair }
    const { hash: _, ...rest } = other
    const forged = { ...rest, hash: hashOf(rest) }
    await expect(once.applyRepair(visits, forged)).rejects.toMatchObject({ code: 'PLAN_FOREIGN' })
  })
})

describe('a plan that is not as it was is refused:', () => {
  test('any field', async () => {
    for (const name of Object.keys(plan) as (keyof RepairPlan)[]) {
      const value = typeof plan[name] === 'number' ? plan[name] + 1 : `${plan[name]}1`
      const edited = { ...plan, [name]: value }
      const { [name]: _, ...short } = plan
      for (const given of [edited, short] as RepairPlan[]) {
        const error = await once.applyRepair(visits, given).catch((thrown) => thrown)
        expect([name, error.code]).toEqual([name, name === 'format' ? 'USAGE' : 'PLAN_EDITED'])
      }
    }
    expect(await all()).toHaveLength(30)
  })

  test.each([undefined, null, 7, 'x', [], {}, [[]]])('%j is none', async (given) => {
    const none = given as unknown as RepairPlan
    await expect(once.applyRepair(visits, none)).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('another order of its fields is the same plan', async () => {
    const turned = Object.fromEntries(Object.entries(plan).reverse()) as unknown as RepairPlan
    expect(await once.applyRepair(visits, turned)).toMatchObject({ removed: 20 })
  })

  test.each([
    [
      'a loser is another',
      `UPDATE %s SET once_l0 = 0, once_version = (SELECT xmin FROM visits WHERE id = 0)
        WHERE once_seq = 3`,
    ],
    ['a keeper is another', 'UPDATE %s SET once_k0 = 6 WHERE once_seq = 3'],
    ['a loser is not there', 'DELETE FROM %s WHERE once_seq = 20'],
    [
      'one more is there',
      "INSERT INTO %s (once_seq, once_version, once_l0, once_k0) SELECT 21, '3', 500, 0",
    ],
  ])('of the frozen losers %s', async (_, sql) => {
    await query(sql.replace('%s', `onceover.repair_${plan.repair}_losers`))
    await refused('PLAN_EDITED', 'frozen losers')
  })
})

test('a role that may not ask which cluster it is applies the plan of one that may', async () => {
  await query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC')
  await query(`CREATE ROLE app_${process.pid} LOGIN PASSWORD 'p'`)
  try {
    await query(`GRANT ALL ON SCHEMA onceover, public TO app_${process.pid};
      GRANT ALL ON ALL TABLES IN SCHEMA onceover, public TO app_${process.pid}`)
    const url = new URL(db.url)
    url.username = `app_${process.pid}`
    url.password = 'p'
    const app = await onceover({ db: url.href })
    expect(await app.applyRepair(visits, plan)).toMatchObject({ removed: 20 })
    await app.close()
  } finally {
    await query(`DROP OWNED BY app_${process.pid}; DROP ROLE app_${process.pid}`)
  }
})
