import { date, type Guard, guard, int, type Onceover, onceover, set } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { guardedOn, type Options, sessionOn } from './ground.ts'
import { tracesOf } from './traces.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

const guarded = (ddl?: string, options?: Options) => guardedOn(db, ddl, options)
const traces = ({ table }: Guard) => tracesOf(db.pool, table)

describe('taking an enforcement back', () => {
  test('drops the index while writers go on; a second time nothing is there', async () => {
    const made = await guarded()
    await once.enforce(made)
    const done = await once.unenforce(made)
    expect(done).toEqual({
      guard: made.table,
      dropped: [`DROP INDEX CONCURRENTLY IF EXISTS "public"."${made.index}"`],
      kept: [],
      left: [],
    })
    expect(await traces(made)).toEqual([])
    expect(await once.unenforce(made)).toMatchObject({ dropped: [], kept: [] })
    expect(await once.enforce(made)).toMatchObject({ created: true })
  })

  test('drops the constraint', async () => {
    const made = await guarded()
    await once.enforce(made, { constraint: true })
    const { dropped } = await once.unenforce(made)
    expect(dropped).toEqual([expect.stringContaining('DROP CONSTRAINT')])
    expect(await traces(made)).toEqual([])
  })

  test('drops the index of a partitioned table with those of its partitions', async () => {
    await db.pool.query(`CREATE TABLE years (id int, day date, room int, PRIMARY KEY (id, day))
        PARTITION BY RANGE (day);
      CREATE TABLE years_25 PARTITION OF years FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`)
    const made = guard('years', { table: 'years', key: { day: date(), room: int() } })
    for (const options of [{}, { online: true }, { online: true, constraint: true }]) {
      await once.enforce(made, options)
      expect(await traces(made)).toHaveLength(2)
      expect((await once.unenforce(made)).dropped).toHaveLength(1)
      expect(await traces(made)).toEqual([])
    }
  })

  test('drops what a killed enforcement left', async () => {
    const made = await guarded(
      "INSERT INTO $t (day, room) VALUES ('2025-01-01', 1), ('2025-01-01', 1)",
    )
    const build = `CREATE UNIQUE INDEX CONCURRENTLY ${made.index} ON ${made.table} (day, room)`
    await expect(db.pool.query(build)).rejects.toThrow(/could not create/)
    await db.pool.query(`CREATE INDEX ${made.index}_key ON ${made.table} (day, room)`)
    expect((await once.unenforce(made)).dropped).toHaveLength(2)
    expect(await traces(made)).toEqual([])
  })

  test('leaves alone what it did not make, and names what still covers the guard', async () => {
    const made = await guarded('ALTER TABLE $t ADD CONSTRAINT $t_theirs UNIQUE (room, day)')
    await db.pool.query(`CREATE INDEX ${made.index} ON ${made.table} (note)`)
    expect(await once.unenforce(made)).toEqual({
      guard: made.table,
      dropped: [],
      kept: [`${made.table}_theirs`],
      left: [],
    })
    expect(await traces(made)).toEqual([`${made.table}_theirs`, made.index])
  })

  test('leaves the functions that indexes stand on', async () => {
    const made = await guarded('', { key: { tags: set() } })
    await once.enforce(made)
    await once.unenforce(made)
    const { rows } = await db.pool.query("SELECT FROM pg_proc WHERE proname = 'onceover_set'")
    expect(rows).toHaveLength(1)
  })

  test('names who is in the way once the deadline has passed, and leaves no half', async () => {
    const made = await guarded()
    await once.enforce(made)
    const reader = await sessionOn(db)
    await reader.query(`BEGIN; INSERT INTO ${made.table} (room) VALUES (1)`)
    const call = once.unenforce(made, {
      deadline: '500ms',
      onProgress: ({ step }) => step === 'clean up' && reader.end(),
    })
    await expect(call).rejects.toMatchObject({
      code: 'ENFORCE_TIMED_OUT',
      message: expect.stringContaining('nightly import'),
    })
    expect(await traces(made)).toEqual([])
  })
})
