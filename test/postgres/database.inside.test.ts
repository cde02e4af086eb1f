import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

const ONE = sql`SELECT 1 AS one`

/** Opens a pool of so many clients for the length of a test. */
async function withPool(max: number, work: (pool: pg.Pool) => Promise<void>) {
  const pool = new pg.Pool({ connectionString: database.url, max })
  try {
    await work(pool)
  } finally {
    await pool.end()
  }
}

test('inside the transaction of a pool of one, a call without its handle is refused', () =>
  withPool(1, async (pool) => {
    const { session, transaction } = openDatabase(pool)
    const refused = { code: 'POOL_EXHAUSTED', fix: expect.stringContaining('handle') }
    await transaction(async () => {
      await expect(session.query(ONE)).rejects.toMatchObject(refused)
      await expect(transaction(async () => {})).rejects.toMatchObject(refused)
    })
    expect(await session.query(ONE)).toEqual([{ one: 1 }])
  }))

test('where every client of a pool waits for another, the last of them is refused', () =>
  withPool(3, async (pool) => {
    const { session, transaction } = openDatabase(pool)
    let inside = 0
    let all: () => void = () => undefined
    const everybody = new Promise<void>((resolve) => {
      all = resolve
    })
    const nested = () =>
      transaction(async () => {
        inside++
        if (inside === 3) all()
        await everybody
        await session.query(ONE)
      }).then(
        () => 'went on',
        (error) => error.code,
      )
    const ended = await Promise.all([nested(), nested(), nested()])
    expect(ended.sort()).toEqual(['POOL_EXHAUSTED', 'went on', 'went on'])
  }))

test('what a transaction left running is no longer inside it', () =>
  withPool(1, async (pool) => {
    const { session, transaction } = openDatabase(pool)
    let end: () => void = () => undefined
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    let late: Promise<unknown> = Promise.resolve()
    await transaction(async () => {
      late = ended.then(() => session.query(ONE))
    })
    end()
    expect(await late).toEqual([{ one: 1 }])
  }))
