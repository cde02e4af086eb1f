import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/postgres/connection.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

/** What a connection of its own is opened with, beside a database given so. */
const ownConfig = async (input: Parameters<typeof connect>[0]) => {
  const connection = await connect(input, 'test')
  const [row] = await connection.session.query<{ path: string; name: string; db: string }>(
    sql`SELECT current_setting('search_path') AS path, current_database() AS db,
      current_setting('application_name') AS name`,
  )
  await connection.close()
  return row
}

const options = () => {
  const { hostname, port, username, password, pathname } = new URL(database.url)
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    options: '-c search_path=tenant',
  }
}

test('the connection beside a pool has its password, which pg hides, and its options', async () => {
  const pool = new pg.Pool({ ...options(), password: async () => options().password })
  expect(await ownConfig(pool)).toMatchObject({ path: 'tenant', name: 'onceover' })
  await pool.end()
})

test('the password of a pool is passed on', async () => {
  const role = `secret_${process.pid}_${Date.now()}`
  await database.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
  const pool = new pg.Pool({ ...options(), user: role, password: 'p' })
  const connection = await connect(pool, 'test')
  await connection.close()
  expect(Reflect.get(pool.options, 'password')).toBe('p')
  await pool.end()
  await database.pool.query(`DROP ROLE ${role}`)
})

test('the connection beside a client has its database and its options', async () => {
  const client = new pg.Client(options())
  await client.connect()
  const { pathname } = new URL(database.url)
  expect(await ownConfig(client)).toMatchObject({ path: 'tenant', db: pathname.slice(1) })
  await client.end()
})

test('a bare { query } cannot open one', async () => {
  const bare = { query: async () => ({ rows: [], rowCount: 0 }) }
  await expect(connect(bare, 'test')).rejects.toMatchObject({ code: 'HANDLE_INVALID' })
})
