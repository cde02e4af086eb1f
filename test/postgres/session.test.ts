import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let database: Database
beforeAll(async () => {
  db = await testDatabase()
  database = openDatabase(db.pool)
  await db.pool.query('CREATE TABLE line (n int PRIMARY KEY)')
})
afterAll(() => db.drop())

const insert = (n: number) => sql`INSERT INTO line VALUES (${n}) RETURNING n`

test('an error behind a savepoint leaves the transaction usable', async () => {
  const lines = await database.transaction(async (handle) => {
    const session = database.within(handle)
    await session.query(insert(1))
    const broken = session.savepoint(async () => {
      await session.query(insert(2))
      await session.query(insert(1))
    })
    await expect(broken).rejects.toMatchObject({ details: { sqlstate: '23505' } })
    expect(await session.savepoint(() => session.query(insert(3)))).toEqual([{ n: 3 }])
    return session.query(sql`SELECT n FROM line ORDER BY n`)
  })
  expect(lines).toEqual([{ n: 1 }, { n: 3 }])
})

test('a savepoint outside a transaction is none', async () => {
  expect(await database.session.savepoint(() => database.session.query(insert(7)))).toHaveLength(1)
})

test('a handle that is said to be in a transaction and is not answers so', async () => {
  const session = database.within(db.pool)
  const call = session.savepoint(() => session.query(insert(9)))
  await expect(call).rejects.toMatchObject({ code: 'HANDLE_NOT_IN_TRANSACTION' })
})

test('the error of the work survives a connection that is gone', async () => {
  const lost = database.transaction(async (handle) => {
    const session = database.within(handle)
    await session.savepoint(async () => {
      await session.query(sql`SELECT pg_terminate_backend(pg_backend_pid())`)
    })
  })
  await expect(lost).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    details: { sqlstate: '57P01' },
  })
})
