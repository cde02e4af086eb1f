import { createServer, type Server, type Socket } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OnceoverError } from '../../src/core/error.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { failure } from '../../src/postgres/failure.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

const changed = (change: (url: URL) => void): string => {
  const url = new URL(db.url)
  change(url)
  return url.href
}

const using = async (url: string, work: (database: Database) => Promise<void>): Promise<void> => {
  const database = openDatabase(url)
  try {
    await work(database)
  } finally {
    await database.close()
  }
}

const listen = (answer: (socket: Socket) => void): Promise<{ server: Server; port: number }> =>
  new Promise((resolve) => {
    const server = createServer(answer).listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ server, port: typeof address === 'object' && address ? address.port : 0 })
    })
  })

// Both ways into a database must name the failure alike.
const bothWays = async (url: string, expected: object): Promise<void> => {
  await using(url, async (database) => {
    await expect(database.session.query(sql`SELECT 1`)).rejects.toMatchObject(expected)
    await expect(database.transaction(async () => {})).rejects.toMatchObject(expected)
  })
}

describe('a database that cannot be reached', () => {
  test('answers AUTHENTICATION_FAILED to a wrong password, without showing it', async () => {
    const url = changed((each) => {
      each.password = 'wr0ng-secret'
    })
    await bothWays(url, { code: 'AUTHENTICATION_FAILED', details: { sqlstate: '28P01' } })
    await using(url, async ({ session }) => {
      const error: unknown = await session.query(sql`SELECT 1`).catch((caught) => caught)
      expect(JSON.stringify(error) + String(error)).not.toContain('wr0ng-secret')
    })
  })

  test('answers AUTHENTICATION_FAILED where a password is needed and none is given', async () => {
    const url = changed((each) => {
      each.password = ''
    })
    await bothWays(url, { code: 'AUTHENTICATION_FAILED' })
  })

  test('answers DATABASE_MISSING to an unknown database', async () => {
    const url = changed((each) => {
      each.pathname = '/there_is_no_such_database'
    })
    await bothWays(url, { code: 'DATABASE_MISSING' })
  })

  test('answers DATABASE_UNREACHABLE where nothing listens', async () => {
    const { server, port } = await listen((socket) => socket.end())
    await new Promise((resolve) => server.close(resolve))
    await bothWays(`postgres://app@127.0.0.1:${port}/shop`, {
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining(`postgres://app@127.0.0.1:${port}/shop`),
    })
  })

  test('answers DATABASE_UNREACHABLE to a host that does not exist', async () => {
    await bothWays('postgres://app@does-not-exist.invalid/shop', { code: 'DATABASE_UNREACHABLE' })
  })

  test('answers DATABASE_UNREACHABLE where the server wants no TLS and the URL does', async () => {
    const url = `${db.url}?sslmode=require&uselibpqcompat=true`
    await bothWays(url, { code: 'DATABASE_UNREACHABLE' })
  })

  test('answers DATABASE_SILENT where a server accepts and never answers', async () => {
    const sockets: Socket[] = []
    const { server, port } = await listen((socket) => sockets.push(socket))
    await bothWays(`postgres://app@127.0.0.1:${port}/shop?connect_timeout=1`, {
      code: 'DATABASE_SILENT',
    })
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  test('answers CONNECTION_LOST where the other side hangs up', async () => {
    const { server, port } = await listen((socket) => socket.destroy())
    await bothWays(`postgres://app@127.0.0.1:${port}/shop`, { code: 'CONNECTION_LOST' })
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a statement that fails', () => {
  const failing = (statement: string, expected: object) =>
    using(db.url, async ({ session }) => {
      await expect(session.query(sql.raw(statement))).rejects.toMatchObject(expected)
    })

  test('keeps the SQLSTATE, the constraint and the detail', async () => {
    await db.pool.query('CREATE TABLE taken (id int CONSTRAINT taken_pkey PRIMARY KEY)')
    await failing('INSERT INTO taken VALUES (1), (1)', {
      code: 'QUERY_FAILED',
      details: {
        sqlstate: '23505',
        constraint: 'taken_pkey',
        detail: 'Key (id)=(1) already exists.',
        table: 'taken',
      },
    })
  })

  test('is TIMEOUT where statement_timeout or lock_timeout ended it', async () => {
    await failing('SET statement_timeout = 10; SELECT pg_sleep(60)', { code: 'TIMEOUT' })
    const holder = await db.pool.connect()
    await holder.query('BEGIN; LOCK TABLE pg_catalog.pg_description IN ACCESS EXCLUSIVE MODE')
    await failing('SET lock_timeout = 10; SELECT FROM pg_description', { code: 'TIMEOUT' })
    await holder.query('ROLLBACK')
    holder.release()
  })

  test('is READ_ONLY on a connection that may not write', () =>
    using(`${db.url}?options=-c%20default_transaction_read_only%3Don`, async (database) => {
      const create = sql`CREATE TABLE never (id int)`
      await expect(database.session.query(create)).rejects.toMatchObject({ code: 'READ_ONLY' })
      const work = database.transaction((handle) => handle.query(create.text))
      await expect(work).rejects.toMatchObject({ code: '25006' })
    }))

  test('is CONNECTION_LOST where the backend is terminated in the middle of it', () =>
    using(`${db.url}?application_name=doomed`, async ({ session }) => {
      const call = session.query(sql`SELECT pg_backend_pid(), pg_sleep(60)`)
      const caught = expect(call).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
        details: { sqlstate: '57P01' },
      })
      await terminate('pg_sleep')
      await caught
      await expect(session.query(sql`SELECT 1 AS one`)).resolves.toEqual([{ one: 1 }])
    }))
})

/** Terminates the one backend of this database that runs a statement with `text` in it. */
async function terminate(text: string): Promise<void> {
  for (let found = 0; found === 0; ) {
    const { rowCount } = await db.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND state = 'active' AND query LIKE '%' || $1 || '%' AND query NOT LIKE '%terminate%'`,
      [text],
    )
    found = rowCount ?? 0
  }
}

describe('failure', () => {
  test('returns an OnceoverError as it is', () => {
    const error = new OnceoverError('TIMEOUT', { message: 'x' })
    expect(failure(error, 'target')).toBe(error)
  })

  test.each([undefined, null, 'a text', 42])('takes %j for an error', (thrown) => {
    expect(failure(thrown, 'target')).toMatchObject({ code: 'QUERY_FAILED' })
  })

  test('names the first cause of a host with several addresses', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })
    expect(failure(new AggregateError([refused]), 'target')).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: 'target: connect ECONNREFUSED ::1:1',
    })
  })

  test('finds the SQLSTATE under the wrapping of an ORM', () => {
    const inner = Object.assign(new pg.DatabaseError('no', 2, 'error'), { code: '42501' })
    const outer = new Error('Failed query', { cause: inner })
    expect(failure(outer, 'target')).toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { sqlstate: '42501' },
    })
  })
})
