import { guard, int, type Onceover, onceover, type RepairPlan } from 'onceover'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover
let plan: RepairPlan
let before: readonly string[][]

const visits = guard('visits', { table: 'visits', key: { v: int() }, index: 'ux_visits' })

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

const query = (sql: string) => db.pool.query(sql)

const all = async (table: string, columns = 't'): Promise<string[]> =>
  (await query(`SELECT (${columns})::text AS row FROM ${table} AS t ORDER BY 1`)).rows.map(
    ({ row }) => row,
  )

const trigger = (body: string): string =>
  `CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
  CREATE TRIGGER fires BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION fires()`

const both = async () => [await all('visits'), await all('lines')]

beforeEach(async () => {
  await query(`DROP TABLE IF EXISTS old, lines, visits CASCADE;
    DROP FUNCTION IF EXISTS fires CASCADE;
    CREATE TABLE visits (id int PRIMARY KEY, v int NOT NULL, note text, code text UNIQUE);
    INSERT INTO visits SELECT i, i / 2, 'n' || i, 'c' || i FROM generate_series(0, 9) i;
    CREATE TABLE lines (id int PRIMARY KEY, visit_id int REFERENCES visits, sku text,
      UNIQUE (visit_id, sku));
    INSERT INTO lines SELECT i, i, 's' || i % 4 / 2 FROM generate_series(0, 9) i`)
  const children = [{ table: 'lines', columns: ['visit_id'], collision: 'drop' }] as const
  const own = guard('visits', { table: 'visits', key: { v: int() }, index: 'ux_visits', children })
  before = await both()
  plan = await once.planRepair(own)
  expect(await once.applyRepair(own, plan)).toMatchObject({ removed: 5, dropped: 5 })
})

const undo = () => once.undoRepair(plan.repair)

async function refused(code: string, words: string) {
  const applied = await both().catch(() => [])
  await expect(undo()).rejects.toMatchObject({
    ...{ code, exitCode: 4, message: expect.stringContaining(words) },
  })
  expect(await both().catch(() => [])).toEqual(applied)
  expect(await once.repairs({ id: plan.repair })).toMatchObject([{ state: 'applied' }])
}

describe('an undo is refused, and nothing is changed, where', () => {
  test.each([
    ['a column was dropped', 'ALTER TABLE visits DROP note', '"visits".note was text'],
    [
      'a column has another name',
      'ALTER TABLE visits RENAME note TO notes',
      '"visits".note was text',
    ],
    ['a column of a child was dropped', 'ALTER TABLE lines DROP sku', '"lines".sku was text'],
    ['a column has another type', 'ALTER TABLE visits ALTER v TYPE bigint', 'and is bigint now'],
    [
      'a NOT NULL column came',
      'ALTER TABLE visits ADD x int NOT NULL DEFAULT 1; ALTER TABLE visits ALTER x DROP DEFAULT',
      'visits".x came after',
    ],
    [
      'moved rows have another primary key',
      'ALTER TABLE lines DROP CONSTRAINT lines_pkey, ADD PRIMARY KEY (sku, id)',
      'primary key of "public"."lines" was (id)',
    ],
    ['the table was dropped', 'DROP TABLE visits CASCADE', '"visits" of the repair'],
    [
      'another has its name',
      'ALTER TABLE visits RENAME TO old; CREATE TABLE visits (LIKE old)',
      'is called public.old now',
    ],
  ])('%s', async (_, sql, words) => {
    await query(sql)
    await refused('UNDO_SHAPE_CHANGED', words)
  })

  test.each([
    [
      'a primary key was taken',
      "INSERT INTO visits VALUES (3, 99, '', 'new')",
      '1 rows of "public"."visits"',
    ],
    [
      'a primary key of a child was taken',
      "INSERT INTO lines VALUES (3, 2, 'other')",
      '"public"."lines"',
    ],
    [
      'a unique key of a child was taken',
      `ALTER TABLE lines DROP CONSTRAINT lines_visit_id_fkey;
      INSERT INTO lines VALUES (77, 3, 's1')`,
      'lines_visit_id_sku_key',
    ],
    [
      'a check does not hold any more',
      "ALTER TABLE visits ADD CHECK (note <> 'n3') NOT VALID",
      'visits_note_check',
    ],
    ['NULL is not allowed any more', 'ALTER TABLE visits ALTER note SET NOT NULL', '"note"'],
    [
      'a trigger changes what comes back',
      trigger("NEW.note := 'x'; RETURN NEW;"),
      'A trigger of "public"."visits"',
    ],
    [
      'a trigger keeps rows from coming back',
      trigger('RETURN NULL;'),
      'A trigger of "public"."visits"',
    ],
  ])('%s', async (what, sql, words) => {
    if (what.startsWith('NULL')) {
      await query(`UPDATE onceover.repair_${plan.repair}_rows_0 SET note = NULL WHERE id = 3`)
    }
    await query(sql)
    await refused('UNDO_CONFLICT', words)
  })

  test('the unique index stands; without it, it goes on', async () => {
    await once.enforce(visits)
    await refused('UNDO_BLOCKED', 'ux_visits')
    await once.unenforce(visits)
    await undo()
    expect(await both()).toEqual(before)
  })

  test('it was undone before; its plan is applied no more', async () => {
    await undo()
    await expect(undo()).rejects.toMatchObject({ code: 'REPAIR_UNDONE', exitCode: 4 })
    await expect(once.applyRepair(visits, plan)).rejects.toMatchObject({ code: 'REPAIR_UNDONE' })
    expect(await both()).toEqual(before)
  })

  test('it was only planned', async () => {
    await query('INSERT INTO visits VALUES (50, 0)')
    const { repair } = await once.planRepair(visits)
    await expect(once.undoRepair(repair)).rejects.toMatchObject({ code: 'REPAIR_NOT_APPLIED' })
  })
})

describe('an undo goes through where', () => {
  test.each([
    ['a nullable column came', 'ALTER TABLE visits ADD extra int'],
    ['a column with a default came', 'ALTER TABLE visits ADD extra int NOT NULL DEFAULT 7'],
    [
      'a generated column came',
      'ALTER TABLE visits ADD extra int GENERATED ALWAYS AS (v + 1) STORED',
    ],
    ['a numbered column came', 'ALTER TABLE visits ADD extra int GENERATED ALWAYS AS IDENTITY'],
    ['a column of a child came', 'ALTER TABLE lines ADD extra int'],
  ])('%s', async (_, sql) => {
    await query(sql)
    await undo()
    expect(await all('visits', 'ROW(id, v, note, code)')).toEqual(before[0])
    expect(await all('lines', 'ROW(id, visit_id, sku)')).toEqual(before[1])
  })

  test('the table has another name', async () => {
    await query('ALTER TABLE visits RENAME TO old')
    await undo()
    expect(await all('old')).toEqual(before[0])
  })

  test('the table was made anew with its columns', async () => {
    await query(`CREATE TABLE old AS TABLE visits; DROP TABLE visits CASCADE;
      ALTER TABLE old RENAME TO visits; ALTER TABLE visits ADD PRIMARY KEY (id)`)
    await undo()
    expect(await both()).toEqual(before)
  })
})
