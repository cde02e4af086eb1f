import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  generator,
  guard,
  int,
  type Onceover,
  onceover,
  type Transaction,
} from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const tickets = guard('tickets', { table: 'ticket', key: { number: int() } })

let db: TestDatabase
let once: Onceover
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query('CREATE TABLE ticket (id serial PRIMARY KEY, number int NOT NULL UNIQUE)')
  once = await onceover({ db: db.url })
  await once.migrate()
})
beforeEach(async () => {
  await db.pool.query('TRUNCATE ticket, onceover.claim')
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

const unit = (number: number) => ({ key: { number } })
const save = async (
  tx: Transaction,
  { unit: { key } }: { readonly unit: { readonly key: { readonly number: number | bigint } } },
) => {
  await tx.query('INSERT INTO ticket (number) VALUES ($1)', [key.number])
}
const failing = generator(tickets, {
  save: () => {
    throw new Error('boom')
  },
  backoff: '1ms',
})
const claimed = async () =>
  (await once.claims({ state: 'claimed' })).map(({ key }) => Number(key.number)).sort()

test('what was claimed before a claim fails is given back, and nobody waits for it', async () => {
  await once.run(failing, [unit(9)])
  await sleep(20)
  const pool = new pg.Pool({ connectionString: db.url, statement_timeout: 400 })
  const hurried = await onceover({ db: pool })
  const client = await db.pool.connect()
  await client.query('BEGIN')
  await client.query('SELECT FROM onceover.claim FOR UPDATE')
  // The number that no int holds has the chunk halved: the first half is claimed before the other.
  const units = [unit(1), unit(2), unit(3_000_000_000), unit(9)]
  const run = hurried.run(generator(tickets, { save }), units)
  await expect(run).rejects.toMatchObject({ code: 'TIMEOUT' })
  await client.query('ROLLBACK')
  client.release()
  expect(await claimed()).toEqual([])
  await hurried.close()
  await pool.end()
})

test('a lease that is given up takes only what ran under it', async () => {
  await db.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = 'query_canceled'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON onceover.claim FOR EACH ROW
      WHEN (NEW.error = 'boom') EXECUTE FUNCTION refuse()`)
  const work = generator(tickets, {
    make: (each) => {
      if (each.key.number === 5) throw new Error('boom')
    },
    save,
  })
  const units = Array.from({ length: 60 }, (_, number) => unit(number))
  const { totals } = await once.run(work, units, { concurrency: 2, chunkUnits: 10 })
  await db.pool.query('DROP TRIGGER refuse ON onceover.claim')
  expect(totals.failed).toBeLessThanOrEqual(2)
  expect(totals.created).toBeGreaterThanOrEqual(48)
  expect(await claimed()).toEqual([5])
})

test('a worker that lost a run to another one does not end it', async () => {
  const open: (() => void)[] = []
  const gates = [1, 2].map(() => new Promise<void>((resolve) => open.push(resolve)))
  const slow = generator(tickets, { make: (_, { attempt }) => gates[attempt - 1], save })
  const paused = await onceover({ db: db.url })
  let id = ''
  const first = paused.run(slow, [unit(1), unit(2), unit(3)], {
    concurrency: 1,
    chunkUnits: 3,
    onProgress: ({ run }) => {
      id = run
    },
  })
  while ((await claimed()).length === 0 || id === '') await sleep(10)
  await db.pool.query('UPDATE onceover.lease SET dead = true')
  const second = once.resume(slow, id)
  while ((await once.claims({ state: 'claimed' })).every(({ attempt }) => attempt === 1)) {
    await sleep(10)
  }
  open[0]?.()
  await first.catch(() => {})
  expect((await once.status(id)).state).toBe('running')
  open[1]?.()
  const { totals, state } = await second
  expect(totals.cancelled).toBe(0)
  expect(state).toBe('done')
  expect((await once.status(id)).state).toBe('done')
  expect(await claimed()).toEqual([])
  await paused.close()
})
