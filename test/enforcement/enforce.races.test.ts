import { date, guard, int, type Onceover, onceover, set } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const PROCESSES = 10

let db: TestDatabase
let all: readonly Onceover[]

beforeAll(async () => {
  db = await testDatabase()
  // Each opens a pool of its own, as a process would.
  all = await Promise.all(Array.from({ length: PROCESSES }, () => onceover({ db: db.url })))
})

afterAll(async () => {
  await Promise.all(all.map((once) => once.close()))
  await db.drop()
})

const indexesOf = async (table: string): Promise<readonly string[]> => {
  const { rows } = await db.pool.query(
    "SELECT indexname FROM pg_indexes WHERE tablename = $1 AND indexname LIKE 'ux%'",
    [table],
  )
  return rows.map(({ indexname }) => indexname)
}

describe('ten at once', () => {
  test('make one index, and none fails', async () => {
    await db.pool.query(`CREATE TABLE visits (id int PRIMARY KEY, day date, room int);
      INSERT INTO visits SELECT i, date '2025-01-01' + i, i FROM generate_series(1, 20000) AS i`)
    const visits = guard('visits', { table: 'visits', key: { day: date(), room: int() } })
    const done = await Promise.all(all.map((once) => once.enforce(visits)))
    expect(done.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(done.map(({ index }) => index))).toEqual(new Set([visits.index]))
    expect(await indexesOf('visits')).toEqual([visits.index])
  })

  test('on ten tables of one schema make its function once', async () => {
    const guards = all.map((_, n) => {
      const table = `sets_${n}`
      return guard(table, { table, key: { tags: set() } })
    })
    for (const { table } of guards) {
      await db.pool.query(`CREATE TABLE ${table} (id int PRIMARY KEY, tags int[])`)
    }
    const done = await Promise.all(guards.map((made, n) => (all[n] as Onceover).enforce(made)))
    expect(done.every(({ created }) => created)).toBe(true)
    expect(done.filter(({ ddl }) => ddl.includes('CREATE FUNCTION'))).toHaveLength(1)
  })

  test('while others write, and every duplicate is refused from then on', async () => {
    await db.pool.query('CREATE TABLE busy (id serial PRIMARY KEY, v int)')
    const busy = guard('busy', { table: 'busy', key: { v: int() } })
    let writing = true
    const write = async (from: number) => {
      for (let v = from; writing; v += 4)
        await db.pool.query('INSERT INTO busy (v) VALUES ($1)', [v])
    }
    const writers = [0, 1, 2, 3].map(write)
    const done = await Promise.all(all.map((once) => once.enforce(busy)))
    writing = false
    await Promise.all(writers)
    expect(done.filter(({ created }) => created)).toHaveLength(1)
    const again = db.pool.query('INSERT INTO busy (v) SELECT v FROM busy LIMIT 1')
    await expect(again).rejects.toMatchObject({ code: '23505' })
  })
})
