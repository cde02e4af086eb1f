import { guard, int, onceover } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const visits = guard('visits', { table: 'visits', key: { v: int() } })

let db: TestDatabase
let pool: pg.Pool
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query(`CREATE TABLE visits (id int PRIMARY KEY, v int);
    INSERT INTO visits VALUES (1, 1), (2, 1)`)
  pool = new pg.Pool({ connectionString: db.url, max: 1 })
})
afterAll(async () => {
  await pool.end()
  await db.drop()
})

/** Waits until the one client of the pool waits for a lock. */
async function waiting(): Promise<void> {
  for (let found = 0; found === 0; ) {
    const { rowCount } = await db.pool.query(`SELECT FROM pg_locks WHERE NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
    found = rowCount ?? 0
  }
}

test.each(['scan', 'duplicates'] as const)(
  '%s stops where it is once its signal is aborted, and its client is of use again',
  async (read) => {
    const once = await onceover({ db: pool })
    const holder = await db.pool.connect()
    await holder.query('BEGIN; LOCK TABLE visits')
    const controller = new AbortController()
    const reading = once[read](visits, { signal: controller.signal })
    const stopped = expect(reading).rejects.toMatchObject({ code: 'STOPPED' })
    await waiting()
    controller.abort()
    await stopped
    await holder.query('ROLLBACK')
    holder.release()
    await expect(once[read](visits, { signal: controller.signal })).rejects.toMatchObject({
      code: 'STOPPED',
    })
    await expect(once[read](visits)).resolves.toBeDefined()
    await once.close()
  },
)

test('a signal that is never aborted changes nothing', async () => {
  const once = await onceover({ db: pool })
  const { signal } = new AbortController()
  expect(await once.scan(visits, { signal })).toEqual(await once.scan(visits))
  await once.close()
})
