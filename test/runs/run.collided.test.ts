import { generator, guard, type Onceover, onceover, text } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const tickets = guard('tickets', { table: 'tickets', key: { name: text() } })
const work = generator(tickets, {
  save: async (tx, { unit }) => {
    await tx.query('INSERT INTO tickets (name) VALUES ($1)', [unit.key.name])
  },
})

let database: TestDatabase
let once: Onceover
beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query('CREATE TABLE tickets (id serial PRIMARY KEY, name text NOT NULL)')
  once = await onceover({ db: database.pool })
  await once.migrate()
  await once.enforce(tickets)
})
afterAll(async () => {
  await once.close()
  await database.drop()
})

const unit = (name: string) => ({ key: { name }, input: null })

test('a unit that collides names the first with its key, whichever chunk that was in', async () => {
  const names = ['b', 'a', 'b', 'c', 'd', 'e', 'f', 'a']
  const { verdicts } = await once.run(work, names.map(unit), { concurrency: 1, chunkUnits: 3 })
  expect(verdicts.map(({ index, verdict, firstIndex }) => [index, verdict, firstIndex])).toEqual([
    [0, 'created', undefined],
    [1, 'created', undefined],
    [2, 'collided', 0],
    [3, 'created', undefined],
    [4, 'created', undefined],
    [5, 'created', undefined],
    [6, 'created', undefined],
    [7, 'collided', 1],
  ])
})
