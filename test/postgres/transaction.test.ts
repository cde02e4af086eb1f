import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import type { Handle } from '../../src/postgres/handle.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let pool: pg.Pool
let database: Database

beforeAll(async () => {
  db = await testDatabase()
  // One connection only: a transaction that leaves it unusable fails the next one.
  pool = new pg.Pool({ connectionString: db.url, max: 1, connectionTimeoutMillis: 5_000 })
  database = openDatabase(pool)
  await db.pool.query('CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL)')
})
afterAll(async () => {
  await pool.end()
  await db.drop()
})
beforeEach(async () => {
  await db.pool.query('TRUNCATE account; INSERT INTO account VALUES (1, 0), (2, 0)')
})

const amounts = async (): Promise<readonly number[]> => {
  const { rows } = await db.pool.query('SELECT amount FROM account ORDER BY id')
  return rows.map(({ amount }) => amount)
}

const add = (handle: Handle, id: number, amount = 1) =>
  handle.query('UPDATE account SET amount = amount + $2 WHERE id = $1', [id, amount])

const backend = async (handle: Handle): Promise<unknown> =>
  (await handle.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid

/** The pool of one connection still gives a client that is in no transaction. */
const expectCleanPool = async (): Promise<void> => {
  const { rows } = await pool.query('SELECT now() = statement_timestamp() AS fresh')
  expect(rows).toEqual([{ fresh: true }])
  expect(pool.totalCount).toBe(1)
  expect(pool.idleCount).toBe(1)
}

/** Resolves for all callers once `count` of them have arrived. */
const rendezvous = (count: number): (() => Promise<void>) => {
  const waiting: (() => void)[] = []
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (waiting.length >= count) for (const go of waiting) go()
    })
}

describe('transaction', () => {
  test('commits what the work wrote and returns what it returned', async () => {
    const result = await database.transaction(async (handle) => {
      await add(handle, 1, 5)
      return 'done'
    })
    expect(result).toBe('done')
    expect(await amounts()).toEqual([5, 0])
    await expectCleanPool()
  })

  test('rolls back and passes the very error on when the work throws', async () => {
    const error = new Error('mine')
    const call = database.transaction(async (handle) => {
      await add(handle, 1)
      throw error
    })
    await expect(call).rejects.toBe(error)
    expect(await amounts()).toEqual([0, 0])
    await expectCleanPool()
  })

  test('says COMMIT_ROLLED_BACK where the work swallowed an error', async () => {
    const call = database.transaction(async (handle) => {
      await add(handle, 1)
      await handle.query('SELECT 1 / 0').catch(() => {})
    })
    await expect(call).rejects.toMatchObject({ code: 'COMMIT_ROLLED_BACK' })
    expect(await amounts()).toEqual([0, 0])
    await expectCleanPool()
  })

  test.each(['COMMIT', 'ROLLBACK', 'END'])(
    'says TRANSACTION_ENDED_EARLY where the work said %s itself',
    async (statement) => {
      const call = database.transaction(async (handle) => {
        await add(handle, 1)
        await handle.query(statement)
      })
      await expect(call).rejects.toMatchObject({ code: 'TRANSACTION_ENDED_EARLY' })
      await expectCleanPool()
    },
  )

  test('refuses its handle once it has ended', async () => {
    const kept: Handle[] = []
    await database.transaction(async (handle) => void kept.push(handle))
    const failed = database.transaction(async (handle) => {
      kept.push(handle)
      throw new Error('mine')
    })
    await failed.catch(() => {})
    for (const handle of kept) {
      await expect(add(handle, 1)).rejects.toMatchObject({ code: 'HANDLE_NOT_IN_TRANSACTION' })
    }
    expect(await amounts()).toEqual([0, 0])
  })

  test('destroys the client when its backend is killed, and takes another', async () => {
    let pid: unknown
    const call = database.transaction(async (handle) => {
      pid = await backend(handle)
      await add(handle, 1)
      await db.pool.query('SELECT pg_terminate_backend($1, 5000)', [pid])
      await add(handle, 2)
    })
    await expect(call).rejects.toThrow(/connection/i)
    expect(await amounts()).toEqual([0, 0])
    await expectCleanPool()
    expect(await database.transaction(backend)).not.toBe(pid)
  })

  test('destroys the client when the backend is killed and the work never notices', async () => {
    const call = database.transaction(async (handle) => {
      await add(handle, 1)
      await db.pool.query('SELECT pg_terminate_backend($1, 5000)', [await backend(handle)])
    })
    await expect(call).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect(await amounts()).toEqual([0, 0])
    await expectCleanPool()
  })

  test('names the error of a constraint that is checked at COMMIT', async () => {
    await db.pool.query(`CREATE TABLE IF NOT EXISTS entry
      (account int REFERENCES account DEFERRABLE INITIALLY DEFERRED)`)
    const call = database.transaction((handle) => handle.query('INSERT INTO entry VALUES (99)'))
    await expect(call).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      details: { sqlstate: '23503' },
    })
    await expectCleanPool()
    await db.pool.query('DROP TABLE entry')
  })

  test('reads one snapshot and writes nothing in the mode `read only`', async () => {
    const read = async (handle: Handle) =>
      (await handle.query('SELECT sum(amount)::int AS sum FROM account')).rows[0]?.sum
    const [before, after] = await database.transaction(
      async (handle) => {
        const first = await read(handle)
        await db.pool.query('UPDATE account SET amount = 7')
        return [first, await read(handle)]
      },
      { mode: 'read only' },
    )
    expect([before, after]).toEqual([0, 0])
    const write = database.transaction((handle) => add(handle, 1), { mode: 'read only' })
    await expect(write).rejects.toMatchObject({ code: '25006' })
  })
})

describe('a client that waits no longer than its query_timeout', () => {
  const impatient = async (work: (database: Database, pool: pg.Pool) => Promise<void>) => {
    const pool = new pg.Pool({ connectionString: db.url, max: 1, query_timeout: 1_000 })
    await work(openDatabase(pool), pool)
    await pool.end()
  }

  test('says COMMIT_UNKNOWN of a COMMIT that was not answered, and is destroyed', async () => {
    await db.pool.query(`CREATE TABLE slow (id int);
      CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(3); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION nap()`)
    await impatient(async ({ transaction }, pool) => {
      const call = transaction((handle) => handle.query('INSERT INTO slow VALUES (1)'))
      await expect(call).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
      expect(pool.totalCount).toBe(0)
      await transaction((handle) => add(handle, 1))
    })
  })

  test('says TIMEOUT of another statement, and is destroyed', async () => {
    await impatient(async ({ transaction, within }, pool) => {
      const call = transaction((handle) => within(handle).query(sql`SELECT pg_sleep(3)`))
      await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' })
      expect(pool.totalCount).toBe(0)
      await transaction((handle) => add(handle, 1))
    })
  })
})

describe('a client of a copy of pg that does not tell its transaction status', () => {
  const old = async (work: (client: pg.Client, database: Database) => Promise<void>) => {
    const client = new pg.Client(db.url)
    Object.defineProperty(client, 'getTransactionStatus', { value: undefined })
    await client.connect()
    await work(client, openDatabase(client))
    await client.end()
  }

  test('commits and rolls back', async () => {
    await old(async (_client, { transaction }) => {
      await transaction((handle) => add(handle, 1))
      const call = transaction(async (handle) => {
        await add(handle, 2)
        throw new Error('mine')
      })
      await expect(call).rejects.toThrow('mine')
      expect(await amounts()).toEqual([1, 0])
    })
  })

  test.each(['read write', 'read only'] as const)(
    'is refused inside the transaction of its owner, which stays open (%s)',
    async (mode) => {
      await old(async (client, { transaction }) => {
        await client.query('BEGIN')
        await add(client, 1)
        const call = transaction(async () => {}, { mode })
        await expect(call).rejects.toMatchObject({ code: 'CLIENT_IN_TRANSACTION' })
        expect(await amounts()).toEqual([0, 0])
        await client.query('COMMIT')
        expect(await amounts()).toEqual([1, 0])
      })
    },
  )

  test('is refused inside a failed transaction of its owner', async () => {
    await old(async (client, { transaction }) => {
      await client.query('BEGIN')
      await client.query('SELECT 1 / 0').catch(() => {})
      const call = transaction(async () => {})
      await expect(call).rejects.toMatchObject({ code: 'CLIENT_IN_TRANSACTION' })
    })
  })
})

describe('retries', () => {
  /** Adds 1 to account 1 at an isolation level at which another's commit in between conflicts. */
  const conflicting = (others: number, retries?: number) => {
    const attempts: unknown[] = []
    const call = database.transaction(
      async (handle) => {
        attempts.push(await handle.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'))
        await handle.query('SELECT amount FROM account')
        if (attempts.length <= others) await db.pool.query('UPDATE account SET amount = 10')
        await add(handle, 1)
      },
      retries === undefined ? {} : { retries },
    )
    return call.then(
      () => ({ attempts: attempts.length, code: 'none' }),
      (error: { code: string }) => ({ attempts: attempts.length, code: error.code }),
    )
  }

  test('none by default: 40001 reaches the caller', async () => {
    expect(await conflicting(1)).toEqual({ attempts: 1, code: '40001' })
    await expectCleanPool()
  })

  test('run the whole transaction again after 40001', async () => {
    expect(await conflicting(2, 3)).toEqual({ attempts: 3, code: 'none' })
    expect(await amounts()).toEqual([11, 10])
    await expectCleanPool()
  })

  test('give up after the number asked for', async () => {
    expect(await conflicting(9, 2)).toEqual({ attempts: 3, code: '40001' })
  })

  test('run again after a conflict that only COMMIT finds', async () => {
    const { transaction, close } = openDatabase(db.url)
    const meet = rendezvous(2)
    const skew = (read: number, write: number, retries: number) => {
      let attempts = 0
      return transaction(
        async (handle) => {
          attempts++
          await handle.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')
          await handle.query('SELECT amount FROM account WHERE id = $1', [read])
          await meet()
          await add(handle, write)
          await meet()
        },
        { retries },
      ).then(() => attempts)
    }
    const attempts = await Promise.all([skew(1, 2, 5), skew(2, 1, 5)])
    await close()
    expect(attempts.toSorted()).toEqual([1, 2])
    expect(await amounts()).toEqual([1, 1])
  })

  test('run again after a deadlock, so that both sides commit', async () => {
    const { transaction, close } = openDatabase(db.url)
    const meet = rendezvous(2)
    let attempts = 0
    const crossing = (first: number, second: number) =>
      transaction(
        async (handle) => {
          attempts++
          await handle.query("SET LOCAL deadlock_timeout = '10ms'")
          await add(handle, first)
          await meet()
          await add(handle, second)
        },
        { retries: 5 },
      )
    await Promise.all([crossing(1, 2), crossing(2, 1)])
    await close()
    expect(attempts).toBeGreaterThan(2)
    expect(await amounts()).toEqual([2, 2])
  })

  test('never follow another error', async () => {
    let attempts = 0
    const call = database.transaction(
      async (handle) => {
        attempts++
        await handle.query('INSERT INTO account VALUES (1, 0)')
      },
      { retries: 5 },
    )
    await expect(call).rejects.toMatchObject({ code: '23505' })
    expect(attempts).toBe(1)
  })
})
