import { generator, guard, type Onceover, onceover, text } from 'onceover'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const tickets = guard('tickets', { table: 'tickets', key: { name: text() } })

let database: TestDatabase
let once: Onceover
let broken = false
beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query(
    'CREATE TABLE tickets (id serial PRIMARY KEY, name text NOT NULL, made int NOT NULL DEFAULT 1)',
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
  broken = false
  await database.pool.query('TRUNCATE tickets, onceover.claim')
})

const work = generator(tickets, {
  expected: () => [unit('a'), unit('b')],
  make: () => {
    if (broken) throw new Error('out of paper')
  },
  save: async (tx, { unit: { key }, claim }) => {
    const { id } = claim.existing ?? {}
    if (id === undefined) await tx.query('INSERT INTO tickets (name) VALUES ($1)', [key.name])
    else await tx.query('UPDATE tickets SET made = made + 1 WHERE id = $1', [id])
  },
  attempts: 1,
})

const unit = (name: string) => ({ key: { name }, input: null })

const tally = async () =>
  (await database.pool.query('SELECT name, made FROM tickets ORDER BY name')).rows

test('retry finishes a replacement that failed, though its row stands', async () => {
  await once.run(work, [unit('a')])
  broken = true
  await once.run(work, [unit('a')], { onDuplicate: 'replace' })
  broken = false

  const { totals } = await once.retry(work, { range: {} })

  expect(totals).toMatchObject({ replaced: 1, created: 1, skipped: 0 })
  expect(await tally()).toEqual([
    { name: 'a', made: 2 },
    { name: 'b', made: 1 },
  ])
})

test('retry leaves a row alone that someone else made where the first attempt failed', async () => {
  broken = true
  await once.run(work, [unit('a')])
  await database.pool.query("INSERT INTO tickets (name) VALUES ('a')")
  broken = false

  const { totals } = await once.retry(work)

  expect(totals).toMatchObject({ replaced: 0, created: 0, skipped: 1 })
  expect(await tally()).toEqual([{ name: 'a', made: 1 }])
})

test('a run that skips leaves a failed replacement and its row alone', async () => {
  await once.run(work, [unit('a')])
  broken = true
  await once.run(work, [unit('a')], { onDuplicate: 'replace' })
  broken = false
  expect((await once.run(work, [unit('a')])).totals).toMatchObject({ skipped: 1 })
  expect(await tally()).toEqual([{ name: 'a', made: 1 }])
})
