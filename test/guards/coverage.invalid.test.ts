import { date, type Guard, guard, int, type Onceover, onceover } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedTable, inWords, type Options, PREPARATION } from './guarded-table.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(PREPARATION)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

const guarded = (ddl: string, options?: Options) => guardedTable(db.pool, ddl, options)

const coverageOf = async (made: Guard) => inWords((await once.inspect(made)).coverage, made)

let tables = 0

describe('an invalid index', () => {
  test('is told of, and does not cover', async () => {
    const made = await guarded(
      "INSERT INTO $t (id, day, room) VALUES (1, '2025-01-01', 1), (2, '2025-01-01', 1)",
    )
    const { table } = made
    const build = `CREATE UNIQUE INDEX CONCURRENTLY "${table}_I" ON ${table} (room, day)`
    await expect(db.pool.query(build)).rejects.toThrow(/could not create unique index/)
    const { coverage } = await once.inspect(made)
    expect(coverage).toMatchObject({ enforced: false, indexes: [], shadows: [] })
    expect(coverage.invalid).toMatchObject([
      { name: `${table}_I`, quoted: `public."${table}_I"`, valid: false, building: false },
    ])
  })

  test('on another key is not told of', async () => {
    const made = await guarded('INSERT INTO $t (id, room) VALUES (1, 1), (2, 1)')
    const build = `CREATE UNIQUE INDEX CONCURRENTLY ON ${made.table} (room)`
    await expect(db.pool.query(build)).rejects.toThrow(/could not create unique index/)
    expect((await once.inspect(made)).coverage.invalid).toEqual([])
  })

  test('that is being built is said to be', async () => {
    const made = await guarded('')
    const [blocker, builder] = [new pg.Client(db.url), new pg.Client(db.url)]
    await Promise.all([blocker.connect(), builder.connect()])
    await blocker.query('BEGIN')
    await blocker.query(`INSERT INTO ${made.table} (id) VALUES (1)`)
    const building = builder.query(
      `CREATE UNIQUE INDEX CONCURRENTLY $i ON ${made.table} (day, room)`.replace('$i', 'slow'),
    )
    await expect
      .poll(() => once.inspect(made).then(({ coverage }) => coverage.invalid), {
        timeout: 20_000,
      })
      .toMatchObject([{ name: 'slow', building: true }])
    await blocker.query('COMMIT')
    await building
    expect((await once.inspect(made)).coverage.enforced).toBe(true)
    await Promise.all([blocker.end(), builder.end()])
  })
})

describe('on a partitioned table', () => {
  const partitioned = async (ddl: string): Promise<Guard> => {
    const table = `p${++tables}`
    const sql = `CREATE TABLE $t (id int, day date, room int, PRIMARY KEY (id, day))
        PARTITION BY RANGE (day);
      CREATE TABLE $t_a PARTITION OF $t FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      CREATE TABLE $t_b PARTITION OF $t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      ${ddl}`
    await db.pool.query(sql.replaceAll('$t', table))
    return guard(table, { table, key: { day: date(), room: int() } })
  }

  test('an index of the parent covers', async () => {
    const made = await partitioned('CREATE UNIQUE INDEX $t_i ON $t (room, day)')
    expect(await coverageOf(made)).toEqual({ enforced: true, by: ['i'], shadows: [] })
  })

  test('indexes of some partitions do not', async () => {
    const made = await partitioned(
      `CREATE UNIQUE INDEX $t_ai ON $t_a (room, day);
       CREATE UNIQUE INDEX $t_i ON ONLY $t (room, day);
       ALTER INDEX $t_i ATTACH PARTITION $t_ai`,
    )
    const { coverage } = await once.inspect(made)
    expect(coverage.enforced).toBe(false)
    expect(coverage.invalid).toMatchObject([{ name: `${made.table}_i`, partitioned: true }])
  })

  test('nor do those of all, where one is invalid', async () => {
    const made = await partitioned(
      `INSERT INTO $t VALUES (1, '2025-01-01', 1), (2, '2025-01-01', 1);
       CREATE UNIQUE INDEX $t_bi ON $t_b (room, day)`,
    )
    const { table } = made
    const build = `CREATE UNIQUE INDEX CONCURRENTLY ${table}_ai ON ${table}_a (room, day)`
    await expect(db.pool.query(build)).rejects.toThrow(/could not create unique index/)
    await db.pool.query(`CREATE UNIQUE INDEX ${table}_i ON ONLY ${table} (room, day);
      ALTER INDEX ${table}_i ATTACH PARTITION ${table}_ai;
      ALTER INDEX ${table}_i ATTACH PARTITION ${table}_bi`)
    expect((await once.inspect(made)).coverage).toMatchObject({
      enforced: false,
      invalid: [{ name: `${table}_i` }],
    })
  })

  test('a key without the column of the partitions cannot be enforced', async () => {
    const { table } = await partitioned('')
    const made = guard('g', { table, key: { room: int() } })
    expect((await once.inspect(made)).coverage.obstacle).toBe(
      'the table is partitioned by RANGE (day), and the key lacks day',
    )
  })

  test('a guard on one partition is as on a table', async () => {
    const { table } = await partitioned('CREATE UNIQUE INDEX $t_i ON $t_a (room)')
    const made = guard('g', { table: `${table}_a`, key: { room: int() } })
    expect((await once.inspect(made)).coverage).toMatchObject({ enforced: true })
  })
})
