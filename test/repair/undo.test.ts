import { guard, int, type Onceover, onceover, text } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

const all = async (table: string) =>
  (await db.pool.query(`SELECT t::text AS row FROM ${table} AS t ORDER BY 1`)).rows.map(
    ({ row }) => row,
  )

describe('a repair', () => {
  test('without children removes the losers and its undo puts them back', async () => {
    await db.pool.query(`CREATE TABLE plain (id int PRIMARY KEY, v int, note text);
      INSERT INTO plain SELECT i, i / 3, 'n' || i FROM generate_series(0, 2999) i`)
    const plain = guard('plain', { table: 'plain', key: { v: int() } })
    const before = await all('plain')
    const plan = await once.planRepair(plain)
    expect(plan).toMatchObject({ rows: 2000, groups: 1000, hazards: [] })
    const applied = await once.applyRepair(plain, plan)
    expect(applied).toMatchObject({
      state: 'applied',
      removed: 2000,
      skipped: 0,
      left: { groups: 0 },
    })
    expect(await all('plain')).toHaveLength(1000)
    expect(await once.applyRepair(plain, plan)).toMatchObject({ removed: 2000 })
    expect(await once.undoRepair(plan.repair)).toMatchObject({ restored: 2000, changedSince: 0 })
    expect(await all('plain')).toEqual(before)
  })

  test('sends children to the keeper, merges what collides, and is undone', async () => {
    await db.pool.query(`
      CREATE TABLE orders (id int PRIMARY KEY, ref text, parent int REFERENCES orders);
      CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders, sku text,
        UNIQUE (order_id, sku));
      CREATE TABLE notes (id int PRIMARY KEY, line_id int REFERENCES lines ON DELETE CASCADE);
      CREATE INDEX ON orders (parent); CREATE INDEX ON notes (line_id);
      INSERT INTO orders SELECT i, 'r' || i / 4, CASE WHEN i > 10 THEN i - 3 END
        FROM generate_series(0, 399) i;
      INSERT INTO lines SELECT i, i % 400, 's' || i % 3 FROM generate_series(0, 799) i
        ON CONFLICT DO NOTHING;
      INSERT INTO notes SELECT i, id FROM lines, LATERAL (SELECT id * 10 + g AS i
        FROM generate_series(0, 2) g) x`)
    const orders = guard('orders', {
      table: 'orders',
      key: { ref: text() },
      children: [{ table: 'lines', columns: ['order_id'], collision: 'merge' }],
    })
    const before = [await all('orders'), await all('lines'), await all('notes')]
    const plan = await once.planRepair(orders)
    expect(plan).toMatchObject({ rows: 300, groups: 100 })
    const applied = await once.applyRepair(orders, plan)
    expect(applied).toMatchObject({ removed: 300, skipped: 0, left: { groups: 0 } })
    expect(applied.moved).toBeGreaterThan(0)
    expect(applied.dropped).toBeGreaterThan(0)
    const { rows } = await db.pool.query('SELECT count(*)::int AS n FROM notes')
    expect(rows[0].n).toBe(before[2]?.length)
    await once.undoRepair(plan.repair)
    expect([await all('orders'), await all('lines'), await all('notes')]).toEqual(before)
  })

  test('sets losers where they are declared to be set', async () => {
    await db.pool.query(`CREATE TABLE series (id int PRIMARY KEY, k int, status text);
      INSERT INTO series SELECT i, i / 2, 'ACTIVE' FROM generate_series(0, 99) i`)
    const series = guard('series', {
      table: 'series',
      key: { k: int() },
      where: "status = 'ACTIVE'",
      losers: { set: { status: 'PAUSED' } },
    })
    const before = await all('series')
    const plan = await once.planRepair(series)
    const applied = await once.applyRepair(series, plan)
    expect(applied).toMatchObject({ changed: 50, removed: 0, left: { groups: 0 } })
    expect(await once.undoRepair(plan.repair)).toMatchObject({ reverted: 50 })
    expect(await all('series')).toEqual(before)
  })
})

test('an undo leaves a set value that was changed since by its last digit alone', async () => {
  await db.pool.query(`CREATE TABLE rates (id int PRIMARY KEY, v int, rate float8);
    INSERT INTO rates VALUES (1, 1, 5), (2, 1, 5), (3, 1, 5)`)
  const losers = { set: { rate: 0.1 } } as const
  const rates = guard('rates', { table: 'rates', key: { v: int() }, where: 'rate > 1', losers })
  const plan = await once.planRepair(rates)
  await once.applyRepair(rates, plan)
  await db.pool.query('UPDATE rates SET rate = 0.1 + 1e-16 WHERE id = 2')
  const short = await onceover({ db: `${db.url}?options=-c%20extra_float_digits%3D-5` })
  expect(await short.undoRepair(plan.repair)).toMatchObject({ reverted: 1, changedSince: 1 })
  await short.close()
})
