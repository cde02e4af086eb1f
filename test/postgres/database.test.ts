import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query('CREATE TABLE line (n int)')
})
afterAll(() => db.drop())

const one = async ({ session }: Database): Promise<unknown> =>
  (await session.query(sql`SELECT ${1}::int AS one`))[0]

const withClient = async (work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client(db.url)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

describe('a URL', () => {
  test('is opened, used and closed', async () => {
    const database = openDatabase(db.url)
    expect(await one(database)).toEqual({ one: 1 })
    expect(await database.transaction(async () => 'work')).toBe('work')
    await database.close()
    await expect(one(database)).rejects.toMatchObject({ name: 'OnceoverError' })
  })

  test('shows up as application_name onceover, unless it names another', async () => {
    const name = sql`SELECT current_setting('application_name') AS name`
    for (const [url, expected] of [
      [db.url, 'onceover'],
      [`${db.url}?application_name=billing`, 'billing'],
    ] as const) {
      const database = openDatabase(url)
      expect(await database.session.query(name)).toEqual([{ name: expected }])
      await database.close()
    }
  })
})

describe('a Pool', () => {
  test('is used and left open', async () => {
    const pool = new pg.Pool({ connectionString: db.url })
    const database = openDatabase(pool)
    expect(await one(database)).toEqual({ one: 1 })
    await database.close()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pool.end()
  })

  test('that has no connection left answers POOL_EXHAUSTED, not silence', async () => {
    const pool = new pg.Pool({ connectionString: db.url, max: 1, connectionTimeoutMillis: 50 })
    const database = openDatabase(pool)
    const nested = database.transaction(() => one(database))
    await expect(nested).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' })
    await pool.end()
  })

  test('whose client somebody released in a transaction gets another client', async () => {
    const pool = new pg.Pool({ connectionString: db.url, max: 1 })
    const dirty = await pool.connect()
    await dirty.query('BEGIN; INSERT INTO line VALUES (666)')
    dirty.release()
    const database = openDatabase(pool)
    const call = database.transaction((handle) => handle.query('SELECT'))
    await expect(call).rejects.toMatchObject({ code: 'CLIENT_IN_TRANSACTION' })
    await database.transaction((handle) => handle.query('INSERT INTO line VALUES (1)'))
    await pool.end()
    const { rows } = await db.pool.query('SELECT n FROM line')
    expect(rows).toEqual([{ n: 1 }])
    await db.pool.query('TRUNCATE line')
  })
})

describe('a Client', () => {
  test('is used and left open', () =>
    withClient(async (client) => {
      const database = openDatabase(client)
      expect(await one(database)).toEqual({ one: 1 })
      expect(await database.transaction(async () => 'work')).toBe('work')
      await database.close()
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    }))

  test('taken from a Pool is taken too', async () => {
    const client = await db.pool.connect()
    expect(await openDatabase(client).transaction(async () => 'work')).toBe('work')
    client.release()
  })

  test('that is inside a transaction of the caller is refused and left as it is', () =>
    withClient(async (client) => {
      const database = openDatabase(client)
      await client.query('BEGIN; INSERT INTO line VALUES (1)')
      const call = database.transaction(async () => {})
      await expect(call).rejects.toMatchObject({ code: 'CLIENT_IN_TRANSACTION' })
      const { rows } = await client.query('SELECT n FROM line')
      expect(rows).toEqual([{ n: 1 }])
      await client.query('ROLLBACK')
    }))

  test('runs its transactions one after the other', () =>
    withClient(async (client) => {
      const database = openDatabase(client)
      const log: string[] = []
      const logged = (name: string) =>
        database.transaction(async (handle) => {
          log.push(`${name} begins`)
          await handle.query('SELECT pg_sleep(0.01)')
          log.push(`${name} ends`)
        })
      const lone = () => one(database).then(() => log.push('statement'))
      await Promise.all([logged('first'), lone(), logged('second')])
      expect(log).toEqual([
        ...['first begins', 'first ends'],
        'statement',
        ...['second begins', 'second ends'],
      ])
    }))

  test('goes on to the next transaction when one fails', () =>
    withClient(async (client) => {
      const database = openDatabase(client)
      const failing = database.transaction((handle) => handle.query('SELECT 1 / 0'))
      const next = one(database)
      await expect(failing).rejects.toMatchObject({ code: '22012' })
      expect(await next).toEqual({ one: 1 })
    }))

  test('refuses to wait for itself: a call without `handle` inside its transaction', () =>
    withClient(async (client) => {
      const database = openDatabase(client)
      const inside = { code: 'CLIENT_IN_TRANSACTION' }
      await database.transaction(async () => {
        await expect(one(database)).rejects.toMatchObject(inside)
        await expect(database.transaction(async () => {})).rejects.toMatchObject(inside)
      })
      expect(await one(database)).toEqual({ one: 1 })
    }))

  test('lets a call wait that was started inside and goes on after the transaction', () =>
    withClient(async (client) => {
      const database = openDatabase(client)
      let later: Promise<unknown> = Promise.resolve()
      await database.transaction(async () => {
        later = new Promise((resolve) => setTimeout(resolve, 20)).then(() => one(database))
      })
      expect(await later).toEqual({ one: 1 })
    }))
})

describe('read', () => {
  test('sees one moment of the data and may not write', async () => {
    await openDatabase(db.pool)
      .read(async (session) => {
        const count = sql`SELECT count(*)::int AS lines FROM line`
        const before = await session.query(count)
        await db.pool.query('INSERT INTO line VALUES (1)')
        expect(await session.query(count)).toEqual(before)
        const write = session.query(sql`INSERT INTO line VALUES (2)`)
        await expect(write).rejects.toMatchObject({ code: 'READ_ONLY' })
      })
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'COMMIT_ROLLED_BACK' }))
    await db.pool.query('TRUNCATE line')
  })

  test('runs a bare object in whatever transaction it is in', () =>
    withClient(async (client) => {
      await client.query('BEGIN; INSERT INTO line VALUES (1)')
      const database = openDatabase({ query: (text, values) => client.query(text, values) })
      const lines = await database.read((session) => session.query(sql`SELECT n FROM line`))
      expect(lines).toEqual([{ n: 1 }])
      await client.query('ROLLBACK')
    }))
})

describe('an object with query(text, values)', () => {
  test('runs statements, and refuses to open a transaction', async () => {
    const database = openDatabase({ query: (text, values) => db.pool.query(text, values) })
    expect(await one(database)).toEqual({ one: 1 })
    const call = database.transaction(async () => {})
    await expect(call).rejects.toMatchObject({ code: 'HANDLE_INVALID' })
    expect(database.target).toBe('the given handle')
  })
})

test.each([undefined, null, 42, {}, { query: 'SELECT' }, []])('%j is no database', (input) => {
  const open = () => openDatabase(input as unknown as string)
  expect(open).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
})
