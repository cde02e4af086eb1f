import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, type Handle, onceover, text } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
let client: pg.Client
beforeAll(async () => {
  opened = await open(`${LESSONS}; CREATE TABLE mine (n int)`)
  client = new pg.Client({ connectionString: opened.db.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await opened.close()
})
beforeEach(async () => {
  await client.query('ROLLBACK')
  await opened.query('TRUNCATE lesson, mine, onceover.run RESTART IDENTITY')
})

const teachers = async () =>
  (await opened.query('SELECT teacher FROM lesson ORDER BY teacher')).map((row) => row.teacher)

const mine = async () => (await opened.query('SELECT n FROM mine ORDER BY n')).map(({ n }) => n)

describe('a handle is refused', () => {
  const code = (handle: Handle) =>
    opened.once.insert(lessons, [lesson(1)], { handle }).then(
      () => 'none',
      (error) => error.code,
    )

  test('when it is a Pool', async () => {
    expect(await code(opened.db.pool as never)).toBe('HANDLE_INVALID')
  })

  test('when it has no query function', async () => {
    expect(await code({} as never)).toBe('HANDLE_INVALID')
  })

  test('when no transaction is open on it', async () => {
    expect(await code(client)).toBe('HANDLE_NOT_IN_TRANSACTION')
    expect(await teachers()).toEqual([])
  })

  test('when its transaction has failed already', async () => {
    await client.query('BEGIN')
    await client.query('SELECT 1 / 0').catch(() => {})
    expect(await code(client)).toBe('TRANSACTION_ABORTED')
    await client.query('ROLLBACK')
  })

  test('when its connection is closed', async () => {
    const closed = new pg.Client({ connectionString: opened.db.url })
    await closed.connect()
    await closed.end()
    expect(await code(closed)).toBe('CONNECTION_LOST')
  })

  test('when the transaction that it came from has ended', async () => {
    let kept: Handle | undefined
    await opened.once.transaction(async (handle) => {
      kept = handle
    })
    expect(await code(kept as Handle)).toBe('HANDLE_NOT_IN_TRANSACTION')
  })
})

describe.each(['REPEATABLE READ', 'SERIALIZABLE'])('a caller at %s', (level) => {
  test('gets TRANSACTION_CONFLICT for a key committed meanwhile, and can run again', async () => {
    let attempts = 0
    const { totals } = await opened.once.transaction(
      async (handle) => {
        attempts++
        await handle.query(`SET TRANSACTION ISOLATION LEVEL ${level}`)
        await handle.query('INSERT INTO mine VALUES ($1)', [attempts])
        if (attempts === 1) await opened.once.insert(lessons, [lesson(1)])
        return opened.once.insert(lessons, [lesson(1), lesson(2)], { handle })
      },
      { retries: 3 },
    )
    expect(totals).toMatchObject({ skipped: 1, created: 1 })
    expect([attempts, await mine(), await teachers()]).toEqual([2, [2], [1, 2]])
  })

  test('is told so without retries', async () => {
    const call = opened.once.transaction(async (handle) => {
      await handle.query(`SET TRANSACTION ISOLATION LEVEL ${level}`)
      await handle.query('SELECT FROM mine')
      await opened.once.insert(lessons, [lesson(1)])
      await opened.once.insert(lessons, [lesson(1)], { handle })
    })
    await expect(call).rejects.toMatchObject({
      code: 'TRANSACTION_CONFLICT',
      details: { sqlstate: '40001' },
    })
  })
})

test('a Client as the database serves calls at once, one after the other', async () => {
  const once = await onceover({ db: client })
  const calls = Array.from({ length: 5 }, (_, place) => once.insert(lessons, [lesson(place % 2)]))
  const totals = (await Promise.all(calls)).map(({ totals: { created } }) => created)
  expect(totals).toEqual([1, 1, 0, 0, 0])
  await once.close()
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
})

test('a table is looked up on the search path of the handle', async () => {
  await opened.query(`
    CREATE SCHEMA tenant_a; CREATE TABLE tenant_a.job (id int PRIMARY KEY, name text UNIQUE);
    CREATE SCHEMA tenant_b; CREATE TABLE tenant_b.job (name text UNIQUE, id int PRIMARY KEY)`)
  const jobs = guard('jobs', { table: 'job', key: { name: text() } })
  for (const tenant of ['tenant_a', 'tenant_b', 'tenant_a']) {
    await opened.once.transaction(async (handle) => {
      await handle.query(`SET LOCAL search_path = ${tenant}`)
      await opened.once.insert(jobs, [{ id: 1, name: tenant }], { handle })
    })
  }
  const stored = await opened.query(
    'SELECT a.name AS a, b.name AS b FROM tenant_a.job a, tenant_b.job b',
  )
  expect(stored).toEqual([{ a: 'tenant_a', b: 'tenant_b' }])
})
