import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generator, guard, int, type Onceover, onceover } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const prizes = guard('prizes', { table: 'prize', key: { winner: int() } })

let db: TestDatabase
let once: Onceover
let other: Onceover
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query('CREATE TABLE prize (id serial PRIMARY KEY, winner int NOT NULL UNIQUE)')
  await db.pool.query('CREATE TABLE effect (winner int NOT NULL, attempt int NOT NULL)')
  once = await onceover({ db: db.url })
  other = await onceover({ db: db.url })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await other.close()
  await db.drop()
})

const unit = (winner: number) => ({ key: { winner } })

const giving = generator(prizes, {
  save: async (tx, { unit: { key }, claim }) => {
    await tx.query('INSERT INTO prize (winner) VALUES ($1) ON CONFLICT DO NOTHING', [key.winner])
    await tx.query('INSERT INTO effect VALUES ($1, $2)', [key.winner, claim.attempt])
  },
})

const isWaiting = async () => {
  const { rows } = await db.pool.query<{ waiting: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND wait_event_type = 'Lock') AS waiting`,
  )
  return rows[0]?.waiting === true
}

// While a statement waits for one key, another is made, and its row made anew and given back.
test('a claim that changed hands while a statement waited is judged again', async () => {
  const failing = generator(prizes, {
    save: () => {
      throw new Error('not yet')
    },
    backoff: '1ms',
  })
  await once.run(failing, [unit(1), unit(2)])
  await sleep(20)
  const { rows } = await db.pool.query<{ winner: number }>(
    'SELECT (key->>0)::int AS winner FROM onceover.claim ORDER BY key_hash',
  )
  const [first, second] = rows.map(({ winner }) => winner) as [number, number]
  const client = await db.pool.connect()
  await client.query('BEGIN')
  await client.query('SELECT FROM onceover.claim WHERE (key->>0)::int = $1 FOR UPDATE', [first])
  const waiting = once.run(giving, [unit(first), unit(second)])
  while (!(await isWaiting())) await sleep(5)
  expect((await other.runOne(giving, unit(second))).verdict).toBe('created')
  await other.runOne(failing, unit(second), { onDuplicate: 'replace' })
  await sleep(20)
  await client.query('COMMIT')
  client.release()
  const { verdicts } = await waiting
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['created', 'skipped'])
  const effects = await db.pool.query('SELECT FROM effect WHERE winner = $1', [second])
  expect(effects.rowCount).toBe(1)
})

test('a call whose answer was lost is not made again by settling the claim', async () => {
  let calls = 0
  const paying = generator(prizes, {
    make: (_, claim) =>
      claim.step('charge', () => {
        calls++
        if (calls === 2) throw new Error('the line went dead')
      }),
    save: async (tx, { unit: { key } }) => {
      await tx.query('INSERT INTO prize (winner) VALUES ($1) ON CONFLICT DO NOTHING', [key.winner])
    },
    backoff: '1ms',
  })
  const replace = { onDuplicate: 'replace' } as const
  expect((await once.runOne(paying, unit(3))).verdict).toBe('created')
  expect((await once.runOne(paying, unit(3), replace)).verdict).toBe('failed')
  expect((await once.runOne(paying, unit(3))).verdict).toBe('skipped')
  expect((await once.runOne(paying, unit(3), replace)).code).toBe('STEP_NEEDS_RECONCILE')
  expect(calls).toBe(2)
})
