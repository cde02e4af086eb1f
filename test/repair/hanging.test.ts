import { type Child, type Guard, guard, int, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

// Two groups of three: 1, 2, 3 with 1 to keep, and 4, 5, 6 with 4 to keep.
beforeEach(async () => {
  await db.pool.query(`DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s;
    CREATE TABLE s.orders (id int PRIMARY KEY, ref int, code text UNIQUE);
    INSERT INTO s.orders SELECT i, (i + 2) / 3, nullif('c' || i, 'c1')
      FROM generate_series(1, 6) i`)
})

const orders = (...children: Child[]): Guard =>
  guard('orders', { table: 's.orders', key: { ref: int() }, children })

const rowsOf = async (table: string): Promise<string[]> =>
  (await db.pool.query(`SELECT t::text AS row FROM s.${table} AS t ORDER BY 1`)).rows.map(
    ({ row }) => row,
  )

const ids = async (table: string): Promise<number[]> =>
  (await db.pool.query(`SELECT id FROM s.${table} ORDER BY 1`)).rows.map(({ id }) => id)

/** Applies a repair loser by loser and looks at what it leaves; its undo must take it all back. */
async function andBack(of: Guard, tables: readonly string[], look: () => Promise<void>) {
  const before = await Promise.all(tables.map(rowsOf))
  const plan = await once.planRepair(of)
  const applied = await once.applyRepair(of, plan, { batchMs: 0.5 })
  await look()
  expect(await once.undoRepair(plan.repair)).toMatchObject({ changedSince: 0 })
  expect(await Promise.all(tables.map(rowsOf))).toEqual(before)
  return applied
}

describe('a row that hangs on a loser', () => {
  test('by a column that its keeper has no value in keeps the loser from going', async () => {
    await db.pool.query(`CREATE TABLE s.lines (id int PRIMARY KEY,
        code text REFERENCES s.orders (code));
      CREATE INDEX ON s.lines (code);
      INSERT INTO s.lines VALUES (1, 'c2'), (2, 'c5')`)
    const { removed, why } = await andBack(orders(), ['orders', 'lines'], async () => {
      expect(await rowsOf('lines')).toEqual(['(1,c2)', '(2,c4)'])
      expect(await ids('orders')).toEqual([1, 2, 4])
    })
    expect(removed).toBe(3)
    expect(why).toEqual({ 'rows of "s"."lines" point to its "code", and its keeper has none': 1 })
  })

  test('is not sent on where a row of its own would be let go', async () => {
    await db.pool.query(`CREATE TABLE s.lines (order_id int REFERENCES s.orders, n int,
        PRIMARY KEY (order_id, n));
      CREATE TABLE s.notes (id int PRIMARY KEY, order_id int, n int,
        FOREIGN KEY (order_id, n) REFERENCES s.lines ON UPDATE SET NULL);
      CREATE INDEX ON s.notes (order_id, n);
      INSERT INTO s.lines VALUES (2, 1)`)
    await expect(once.planRepair(orders())).rejects.toMatchObject({
      code: 'REPAIR_REFUSED',
      details: { hazards: [{ code: 'set_on_update' }] },
    })
    // It is of no matter to rows that go with their loser.
    const of = orders({ table: 's.lines', columns: ['order_id'], policy: 'delete' })
    expect(await once.planRepair(of)).toMatchObject({ rows: 4 })
  })

  test('collides where only the predicate of a key tells that it comes', async () => {
    await db.pool.query(`CREATE TABLE s.lines (id int PRIMARY KEY, order_id int REFERENCES s.orders,
        sku text);
      CREATE INDEX ON s.lines (order_id);
      CREATE UNIQUE INDEX ON s.lines (sku) WHERE order_id = 1;
      INSERT INTO s.lines VALUES (1, 1, 'a'), (2, 2, 'a'), (3, 3, 'b')`)
    const of = orders({ table: 's.lines', columns: ['order_id'], collision: 'drop' })
    const { skipped, dropped } = await andBack(of, ['orders', 'lines'], async () => {
      expect(await rowsOf('lines')).toEqual(['(1,1,a)', '(3,1,b)'])
    })
    expect({ skipped, dropped }).toEqual({ skipped: 0, dropped: 1 })
  })

  test('and has others merged into it takes their rows, whatever key it gets', async () => {
    await db.pool.query(`CREATE TABLE s.lines (order_id int REFERENCES s.orders, n int, sku text,
        PRIMARY KEY (order_id, n), UNIQUE (order_id, sku));
      CREATE TABLE s.notes (id int PRIMARY KEY, order_id int, n int,
        FOREIGN KEY (order_id, n) REFERENCES s.lines ON DELETE CASCADE ON UPDATE CASCADE);
      CREATE INDEX ON s.notes (order_id, n);
      INSERT INTO s.lines VALUES (2, 7, 'a'), (3, 8, 'a');
      INSERT INTO s.notes VALUES (1, 2, 7), (2, 3, 8)`)
    const of = orders({ table: 's.lines', columns: ['order_id'], collision: 'merge' })
    const before = await Promise.all(['orders', 'lines', 'notes'].map(rowsOf))
    const plan = await once.planRepair(of)
    expect(await once.applyRepair(of, plan)).toMatchObject({ removed: 4, skipped: 0, batches: 1 })
    expect(await rowsOf('lines')).toEqual(['(1,7,a)'])
    expect(await rowsOf('notes')).toEqual(['(1,1,7)', '(2,1,7)'])
    await once.undoRepair(plan.repair)
    expect(await Promise.all(['orders', 'lines', 'notes'].map(rowsOf))).toEqual(before)
  })

  test('by two foreign keys goes back the way it came, whichever went first', async () => {
    await db.pool.query(`CREATE TABLE s.pairs (a int REFERENCES s.orders, b int REFERENCES s.orders,
        PRIMARY KEY (a, b));
      CREATE INDEX ON s.pairs (b);
      INSERT INTO s.pairs VALUES (2, 6), (5, 3)`)
    await andBack(orders(), ['orders', 'pairs'], async () => {
      expect(await rowsOf('pairs')).toEqual(['(1,4)', '(4,1)'])
    })
  })

  test('and takes the place of one that went comes back before it', async () => {
    await db.pool.query(`CREATE TABLE s.lines (id int PRIMARY KEY, a int REFERENCES s.orders,
        b int REFERENCES s.orders, sku text, UNIQUE (a, sku));
      CREATE INDEX ON s.lines (b);
      INSERT INTO s.lines VALUES (1, 1, 2, 'x'), (2, 3, NULL, 'x')`)
    const of = orders(
      { table: 's.lines', columns: ['a'], collision: 'drop' },
      { table: 's.lines', columns: ['b'], policy: 'delete' },
    )
    await andBack(of, ['orders', 'lines'], async () => {
      expect(await rowsOf('lines')).toEqual(['(2,1,,x)'])
    })
  })
  test('and to which the guarded table points back goes to the keeper, or stays', async () => {
    await db.pool.query(`CREATE TABLE s.lines (id int PRIMARY KEY,
        order_id int REFERENCES s.orders);
      CREATE INDEX ON s.lines (order_id);
      INSERT INTO s.lines VALUES (1, 2), (2, 3), (3, 5);
      ALTER TABLE s.orders ADD main int REFERENCES s.lines ON DELETE CASCADE;
      CREATE INDEX ON s.orders (main);
      UPDATE s.orders SET main = 1 WHERE id = 1;
      UPDATE s.orders SET main = 3 WHERE id = 5`)
    const { removed } = await andBack(orders(), ['orders', 'lines'], async () => {
      expect(await rowsOf('lines')).toEqual(['(1,1)', '(2,1)', '(3,4)'])
    })
    expect(removed).toBe(4)
    // Deleted with its order, it would take a kept one along.
    const of = orders({ table: 's.lines', columns: ['order_id'], policy: 'delete' })
    await expect(once.planRepair(of)).rejects.toMatchObject({
      details: { hazards: [{ code: 'reference_cycle' }] },
    })
  })

  test('and that a trigger keeps there keeps its loser, whatever else hangs on that', async () => {
    await db.pool.query(`CREATE TABLE s.lines (id int PRIMARY KEY,
        order_id int REFERENCES s.orders);
      CREATE INDEX ON s.lines (order_id);
      INSERT INTO s.lines VALUES (1, 2), (2, 2), (3, 5);
      CREATE FUNCTION s.keeps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER keeps BEFORE UPDATE ON s.lines FOR EACH ROW WHEN (OLD.id = 2)
        EXECUTE FUNCTION s.keeps()`)
    const { why } = await andBack(orders(), ['orders', 'lines'], async () => {
      expect(await rowsOf('lines')).toEqual(['(1,2)', '(2,2)', '(3,4)'])
    })
    expect(why).toEqual({ 'a trigger keeps rows of "s"."lines" as they are': 1 })
  })

  test('is declared by its columns in whichever order', async () => {
    await db.pool.query(`CREATE TABLE s.trips (a int, b int, n int, PRIMARY KEY (a, b));
      INSERT INTO s.trips VALUES (1, 1, 1), (1, 2, 1);
      CREATE TABLE s.stops (id int PRIMARY KEY, b int, a int,
        FOREIGN KEY (b, a) REFERENCES s.trips (b, a));
      CREATE INDEX ON s.stops (a, b);
      INSERT INTO s.stops VALUES (1, 2, 1)`)
    const children: Child[] = [{ table: 's.stops', columns: ['a', 'b'], policy: 'delete' }]
    const trips = guard('trips', { table: 's.trips', key: { n: int() }, children })
    const { dropped } = await andBack(trips, ['trips', 'stops'], async () => {
      expect(await rowsOf('stops')).toEqual([])
    })
    expect(dropped).toBe(1)
  })
})
