import { afterAll, beforeAll, expect, test } from 'vitest'
import { date, generator, guard, int, type Onceover, onceover } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const bills = guard('bills', { table: 'bill', key: { account: int(), month: date() } })

let db: TestDatabase
let once: Onceover
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query(`CREATE TABLE bill (id serial PRIMARY KEY, account int NOT NULL,
    month date NOT NULL, UNIQUE (account, month))`)
  once = await onceover({ db: db.pool })
  await once.migrate()
  const billing = generator(bills, {
    make: async (unit, claim) => {
      if (unit.key.account !== 3) return
      await claim
        .step('charge', () => Promise.reject(new Error('the line went dead')))
        .catch(() => {})
      await claim.step('charge', () => ({ id: 1 }))
    },
    save: async (tx, { unit: { key } }) => {
      await tx.query('INSERT INTO bill (account, month) VALUES ($1, $2)', [key.account, key.month])
    },
  })
  const keys = [1, 2, 3].flatMap((account) =>
    ['2025-10-01', '2025-11-01'].map((month) => ({ key: { account, month } })),
  )
  await once.run(billing, keys.slice(0, 5))
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

const keysOf = async (key: Record<string, unknown>) =>
  (await once.claims({ guard: 'bills', key })).map(({ key: { account, month } }) => [
    account,
    month,
  ])

test('claims are found by some parts of their key, whatever their order', async () => {
  expect((await keysOf({ account: 2 })).sort()).toEqual([
    [2, '2025-10-01'],
    [2, '2025-11-01'],
  ])
  expect(await keysOf({ month: '2025-11-01', account: 1 })).toEqual([[1, '2025-11-01']])
})

test('a part that the key has not finds nothing', async () => {
  expect(await keysOf({ year: 2025 })).toEqual([])
})

test('a key that JSON cannot hold is refused', async () => {
  await expect(once.claims({ key: { account: Number.NaN } })).rejects.toMatchObject({
    code: 'USAGE',
  })
})

test('a claim names the step that a person must look at', async () => {
  const [parked] = await once.claims({ guard: 'bills', state: 'exhausted' })
  expect(parked).toMatchObject({ key: { account: 3 }, needsReconcile: 'charge' })
  const [done] = await once.claims({ guard: 'bills', state: 'done', limit: 1 })
  expect(done?.needsReconcile).toBeNull()
})
