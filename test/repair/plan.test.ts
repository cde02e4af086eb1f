import { type Guard, guard, int, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

const APP = `app_${process.pid}`
const visits = guard('visits', { table: 'visits', key: { v: int() } })

const query = (sql: string) => db.pool.query(sql)

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  await query(`CREATE ROLE ${APP} LOGIN PASSWORD 'p'`)
})
afterAll(async () => {
  await query(`DROP OWNED BY ${APP}; DROP ROLE ${APP}`)
  await once.close()
  await db.drop()
})

beforeEach(async () => {
  await query(`DROP TABLE IF EXISTS more, lines, visits CASCADE; DROP OWNED BY ${APP};
    DROP PUBLICATION IF EXISTS news;
    CREATE TABLE visits (id int PRIMARY KEY, v int NOT NULL, owner text DEFAULT current_user);
    INSERT INTO visits SELECT i, i / 3 FROM generate_series(0, 29) i;
    CREATE TABLE lines (id int PRIMARY KEY, visit_id int REFERENCES visits);
    CREATE INDEX ON lines (visit_id);
    INSERT INTO lines SELECT i, i FROM generate_series(0, 29) i`)
})

const tablesOfOurs = async (): Promise<number> =>
  (await query(`SELECT FROM pg_class WHERE relnamespace = 'onceover'::regnamespace`)).rowCount ?? 0

async function refused(hazards: readonly string[], of: Guard = visits, by = once) {
  const before = await tablesOfOurs()
  const error = await by.planRepair(of).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'REPAIR_REFUSED', exitCode: 4 })
  expect(error.details.hazards.map(({ code }: { code: string }) => code)).toEqual(hazards)
  expect(error.message).toMatch(/visits|lines/)
  expect(await tablesOfOurs()).toBe(before)
}

async function asApp<T>(grants: string, work: (app: Onceover) => Promise<T>): Promise<T> {
  await query(`GRANT ALL ON SCHEMA onceover TO ${APP};
    GRANT ALL ON ALL TABLES IN SCHEMA onceover TO ${APP}; ${grants}`)
  const url = new URL(db.url)
  url.username = APP
  url.password = 'p'
  const app = await onceover({ db: url.href })
  return work(app).finally(() => app.close())
}

describe('a plan is refused, and nothing is kept of it, where', () => {
  test.each([
    ['rules rewrite deletes', 'CREATE RULE r AS ON DELETE TO visits DO INSTEAD NOTHING', 'rules'],
    [
      'rules rewrite updates of a child',
      'CREATE RULE r AS ON UPDATE TO lines DO ALSO NOTIFY x',
      'rules',
    ],
    ['a table inherits from it', 'CREATE TABLE more () INHERITS (visits)', 'inherited'],
    ['a table inherits from a child', 'CREATE TABLE more () INHERITS (lines)', 'inherited'],
    [
      'it is published without a replica identity',
      'ALTER TABLE visits REPLICA IDENTITY NOTHING; CREATE PUBLICATION news FOR TABLE visits',
      'no_replica_identity',
    ],
    [
      'all tables are published, and a child has no replica identity',
      'ALTER TABLE lines REPLICA IDENTITY NOTHING; CREATE PUBLICATION news FOR ALL TABLES',
      'no_replica_identity',
    ],
    [
      'no index finds the rows of a child',
      'DROP INDEX lines_visit_id_idx',
      'foreign_key_not_indexed',
    ],
    [
      'a child has no primary key',
      'ALTER TABLE lines DROP CONSTRAINT lines_pkey',
      'child_without_primary_key',
    ],
    [
      'a child collides',
      'ALTER TABLE lines ADD sku int DEFAULT 1, ADD UNIQUE (visit_id, sku)',
      'child_collision',
    ],
  ])('%s', async (_, sql, hazard) => {
    await query(sql)
    await refused([hazard])
  })

  test.each([
    ['billing', 'lines', 'visit_id', "table: 'billing.lines', columns: ['visit_id']"],
    ['Bill', 'a.b', "visit's id", 'table: \'Bill."a.b"\', columns: ["visit\'s id"]'],
  ])('a child %s.%s collides, with a declaration to paste', async (schema, name, by, child) => {
    await query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE; CREATE SCHEMA "${schema}";
      CREATE TABLE "${schema}"."${name}" (id int PRIMARY KEY,
        "${by}" int UNIQUE REFERENCES visits);
      INSERT INTO "${schema}"."${name}" VALUES (1, 1), (2, 2)`)
    const error = await once.planRepair(visits).catch((thrown) => thrown)
    await query(`DROP SCHEMA "${schema}" CASCADE`)
    expect(error.fix).toBe(
      `Declare in \`children\`: { ${child}, collision: 'drop' } to delete these rows, or ` +
        "collision: 'merge' to delete them after what hangs on them went to the row in the way.",
    )
  })

  test('a child is declared to refuse', async () => {
    const children = [{ table: 'lines', columns: ['visit_id'], policy: 'refuse' }] as const
    await refused(
      ['child_refused'],
      guard('visits', { table: 'visits', key: { v: int() }, children }),
    )
  })

  test('setting takes no loser out of the guard', async () => {
    const losers = { set: { owner: 'nobody' } } as const
    await refused(['losers_stay'], guard('visits', { table: 'visits', key: { v: int() }, losers }))
  })

  test('the role may not delete, or not change children', async () => {
    await asApp(`GRANT SELECT ON visits, lines TO ${APP}`, (app) =>
      refused(['not_permitted', 'not_permitted'], visits, app),
    )
    await asApp(`GRANT DELETE, UPDATE ON visits TO ${APP}`, (app) =>
      refused(['not_permitted'], visits, app),
    )
  })

  test('the role sees only some rows, of the table or of a child', async () => {
    const all = `GRANT ALL ON visits, lines TO ${APP}`
    await query('ALTER TABLE lines ENABLE ROW LEVEL SECURITY')
    await asApp(all, (app) => refused(['row_security'], visits, app))
    await query('ALTER TABLE visits ENABLE ROW LEVEL SECURITY')
    await asApp(all, async (app) => {
      const error = await app.planRepair(visits).catch((thrown) => thrown)
      expect(['REPAIR_REFUSED', 'RLS_HIDES_ROWS']).toContain(error.code)
      expect(error.exitCode).toBe(4)
    })
  })
})

test('a role that may not make tables in our schema is told so', async () => {
  await query(`GRANT ALL ON visits, lines TO ${APP}; GRANT USAGE ON SCHEMA onceover TO ${APP};
    GRANT ALL ON ALL TABLES IN SCHEMA onceover TO ${APP}`)
  const url = new URL(db.url)
  url.username = APP
  url.password = 'p'
  const app = await onceover({ db: url.href })
  await expect(app.planRepair(visits)).rejects.toMatchObject({
    ...{ code: 'PERMISSION_DENIED', exitCode: 4 },
  })
  await app.close()
  expect(await once.repairs()).toEqual([])
})

test('a role with just the privileges it needs plans, applies and undoes', async () => {
  await asApp(`GRANT SELECT, INSERT, UPDATE, DELETE ON visits, lines TO ${APP}`, async (app) => {
    const plan = await app.planRepair(visits)
    expect(await app.applyRepair(visits, plan)).toMatchObject({ removed: 20, moved: 20 })
    expect(await app.undoRepair(plan.repair)).toMatchObject({ restored: 20, reverted: 20 })
  })
})

test('what is published with its deletes left out needs no replica identity', async () => {
  await query(`ALTER TABLE visits REPLICA IDENTITY NOTHING;
    CREATE PUBLICATION news FOR TABLE visits WITH (publish = 'insert')`)
  const plan = await once.planRepair(visits)
  expect(await once.applyRepair(visits, plan)).toMatchObject({ removed: 20 })
})

test('a plan warns where what hangs on a dropped row has nowhere to go', async () => {
  await query(`ALTER TABLE lines ADD sku int DEFAULT 1, ADD UNIQUE (visit_id, sku);
    CREATE TABLE more (id int PRIMARY KEY, line_id int REFERENCES lines);
    CREATE INDEX ON more (line_id); INSERT INTO more SELECT i, i FROM generate_series(0, 29) i`)
  const hazardsOf = async (collision: 'drop' | 'merge') => {
    const children = [{ table: 'lines', columns: ['visit_id'], collision }]
    const made = guard('visits', { table: 'visits', key: { v: int() }, children })
    const { hazards } = await once.planRepair(made)
    return hazards
  }
  expect(await hazardsOf('drop')).toMatchObject([{ code: 'child_refused', refuses: false }])
  expect(await hazardsOf('merge')).toEqual([])
})

const repairsOfOurs = async () => (await query('SELECT FROM onceover.repair')).rowCount

test('a dry run says what a plan says, keeps nothing, and cannot be applied', async () => {
  const before = [await tablesOfOurs(), await repairsOfOurs()]
  const plan = await once.planRepair(visits, { dryRun: true })
  expect(plan).toMatchObject({ repair: '', rows: 20, groups: 10, children: [{ rows: 20 }] })
  expect([await tablesOfOurs(), await repairsOfOurs()]).toEqual(before)
  await expect(once.applyRepair(visits, plan)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('dry run'),
  })
  expect((await query('SELECT FROM visits')).rowCount).toBe(30)
})

test('a plan without losers is not kept, and applying it does nothing', async () => {
  await query('DELETE FROM lines; DELETE FROM visits WHERE id % 3 > 0')
  const before = [await tablesOfOurs(), await repairsOfOurs()]
  const plan = await once.planRepair(visits)
  expect(plan).toMatchObject({ repair: '', rows: 0 })
  expect([await tablesOfOurs(), await repairsOfOurs()]).toEqual(before)
  const applied = await once.applyRepair(visits, plan)
  expect(applied).toMatchObject({ removed: 0, left: { groups: 0, excess: 0 } })
})
