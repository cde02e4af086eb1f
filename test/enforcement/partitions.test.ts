import { date, type Guard, guard, int, type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enforce } from '../../src/enforcement/enforce.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { tracesOf } from './traces.ts'

let db: TestDatabase
let once: Onceover
let database: Database

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  database = openDatabase(db.pool)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

let tables = 0

/** A guard on a table of two years, the second of which has partitions itself. */
async function guarded(): Promise<Guard> {
  const table = `p${++tables}`
  await db.pool.query(`
    CREATE TABLE ${table} (id int, day date, room int, PRIMARY KEY (id, day, room))
      PARTITION BY RANGE (day);
    CREATE TABLE ${table}_24 PARTITION OF ${table}
      FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE ${table}_25 (room int, day date NOT NULL, gone int, id int NOT NULL)
      PARTITION BY LIST (room);
    ALTER TABLE ${table}_25 DROP COLUMN gone, ALTER room SET NOT NULL;
    ALTER TABLE ${table} ATTACH PARTITION ${table}_25
      FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE ${table}_25_one PARTITION OF ${table}_25 FOR VALUES IN (1);
    CREATE TABLE ${table}_25_more PARTITION OF ${table}_25 DEFAULT;
    INSERT INTO ${table} VALUES (1, '2024-05-05', 1), (2, '2025-05-05', 1), (3, '2025-05-05', 2)`)
  return guard(table, { table, key: { day: date(), room: int() } })
}

const online = { online: true } as const

const isValid = async (name: string) => {
  const { rows } = await db.pool.query(
    `SELECT bool_and(i.indisvalid AND i.indisready) AS valid, count(*)::int AS indexes
     FROM pg_partition_tree($1::regclass) t JOIN pg_index i ON i.indexrelid = t.relid`,
    [name],
  )
  return rows[0]
}

const whole = { valid: true, indexes: 5 }

describe('a partitioned table', () => {
  test('gets an index on every partition and one above them, while writers go on', async () => {
    const made = await guarded()
    const enforced = await once.enforce(made, online)
    expect(enforced).toMatchObject({ index: made.index, created: true, left: [] })
    expect(enforced.ddl.match(/CONCURRENTLY/g)).toHaveLength(3)
    expect(enforced.ddl.match(/ON ONLY/g)).toHaveLength(2)
    expect(enforced.ddl.match(/ATTACH PARTITION/g)).toHaveLength(4)
    expect(await isValid(made.index)).toEqual(whole)
    expect(await tracesOf(db.pool, made.table)).toHaveLength(5)
    const again = db.pool.query(`INSERT INTO ${made.table} VALUES (9, '2025-05-05', 2)`)
    await expect(again).rejects.toMatchObject({ code: '23505' })
    expect(await once.enforce(made, online)).toMatchObject({ created: false })
  })

  test('has a gate over all of its partitions, also those that are made meanwhile', async () => {
    const made = await guarded()
    await db.pool.query(`INSERT INTO ${made.table} VALUES (4, '2025-05-05', 1)`)
    const refused: unknown[] = []
    const insert = (sql: string) => db.pool.query(sql).catch((error) => refused.push(error))
    await enforce(database, made, {
      ...online,
      repair: async () => {
        await insert(`INSERT INTO ${made.table} VALUES (5, '2024-05-05', 1)`)
        await insert(`INSERT INTO ${made.table}_25_more VALUES (2, '2025-05-05', 6)`)
        await insert(`UPDATE ${made.table} SET day = '2024-05-05' WHERE id = 2`)
        await db.pool.query(`CREATE TABLE ${made.table}_26 PARTITION OF ${made.table}
          FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`)
        await db.pool.query(`INSERT INTO ${made.table} VALUES (7, '2026-01-01', 1)`)
        await insert(`INSERT INTO ${made.table} VALUES (8, '2026-01-01', 1)`)
        await db.pool.query(`DELETE FROM ${made.table} WHERE id = 4`)
      },
    })
    expect(refused).toMatchObject(Array(4).fill({ code: '23505', constraint: made.index }))
    expect(await isValid(made.index)).toEqual({ valid: true, indexes: 6 })
    expect(await tracesOf(db.pool, made.table)).toHaveLength(6)
  })

  test('keeps nothing where a partition holds duplicates', async () => {
    const made = await guarded()
    await db.pool.query(`INSERT INTO ${made.table} VALUES (4, '2025-05-05', 1)`)
    await expect(once.enforce(made, online)).rejects.toMatchObject({ code: 'DUPLICATES_EXIST' })
    expect(await tracesOf(db.pool, made.table)).toEqual([])
  })

  test('goes on with what a killed one left, valid or not', async () => {
    const made = await guarded()
    const table = made.table
    await db.pool.query(`CREATE UNIQUE INDEX ${table}_24_${made.index} ON ${table}_24 (day, room)`)
    await db.pool.query(`INSERT INTO ${table} VALUES (4, '2025-05-05', 1)`)
    const name = `${table}_25_one_${made.index}`
    const build = `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table}_25_one (day, room)`
    await expect(db.pool.query(build)).rejects.toThrow(/could not create/)
    await db.pool.query(`CREATE UNIQUE INDEX ${made.index} ON ONLY ${table} (day, room)`)
    await db.pool.query(`DELETE FROM ${table} WHERE id = 4`)
    const { ddl } = await once.enforce(made, online)
    expect(ddl.match(/CONCURRENTLY/g)).toHaveLength(2)
    expect(await isValid(made.index)).toEqual(whole)
    expect(await tracesOf(db.pool, table)).toHaveLength(5)
  })

  test('gets a constraint that takes those of its partitions for its own', async () => {
    const made = await guarded()
    const enforced = await once.enforce(made, { ...online, constraint: true })
    expect(enforced).toMatchObject({ created: true, left: [] })
    expect(await isValid(made.index)).toEqual(whole)
    const { rows } = await db.pool.query(
      `SELECT FROM pg_constraint WHERE contype = 'u' AND conrelid IN (
         SELECT relid FROM pg_partition_tree($1::regclass))`,
      [made.table],
    )
    expect(rows).toHaveLength(5)
  })

  test('of which an index stands gets no constraint any more, and says so', async () => {
    const made = await guarded()
    await once.enforce(made, online)
    await expect(once.enforce(made, { constraint: true })).rejects.toMatchObject({
      code: 'GUARD_NOT_ENFORCEABLE',
      message: expect.stringContaining('partitioned'),
    })
    expect(await isValid(made.index)).toEqual(whole)
  })
})
