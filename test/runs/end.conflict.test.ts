import { generator, guard, type Onceover, onceover, text } from 'onceover'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const tickets = guard('tickets', { table: 'tickets', key: { name: text() } })

let database: TestDatabase
let once: Onceover
beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query(
    'CREATE TABLE tickets (id serial PRIMARY KEY, name text NOT NULL, seat int UNIQUE)',
  )
  once = await onceover({ db: database.pool })
  await once.migrate()
  await once.enforce(tickets)
})
afterAll(async () => {
  await once.close()
  await database.drop()
})
beforeEach(async () => {
  await database.pool.query('TRUNCATE tickets, onceover.claim')
  await database.pool.query("INSERT INTO tickets (name, seat) VALUES ('z', 7)")
})

const seated = (seat: number) =>
  generator(tickets, {
    make: () => seat,
    save: async (tx, { unit: { key }, made, claim }) => {
      const { id } = claim.existing ?? {}
      if (id !== undefined) await tx.query('UPDATE tickets SET seat = $2 WHERE id = $1', [id, made])
      else await tx.query('INSERT INTO tickets (name, seat) VALUES ($1, $2)', [key.name, made])
    },
  })

const unit = { key: { name: 'a' }, input: null }
const refused = { verdict: 'failed', sqlstate: '23505', constraint: 'tickets_seat_key' }

test('a unit that breaks another unique constraint fails, and is no existing one', async () => {
  expect(await once.runOne(seated(7), unit)).toMatchObject(refused)
})

test('a replacement that breaks another unique constraint fails, its row standing', async () => {
  await once.runOne(seated(1), unit)
  const replace = { onDuplicate: 'replace' } as const
  expect(await once.runOne(seated(7), unit, replace)).toMatchObject(refused)
  expect(await once.claims({ state: 'failed' })).toHaveLength(1)
})
