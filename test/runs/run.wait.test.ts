import { generator, guard, type Onceover, onceover, text } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const tickets = guard('tickets', { table: 'tickets', key: { name: text() } })

let database: TestDatabase
let once: Onceover
let other: Onceover
let pool: pg.Pool
let acquired = 0
beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query('CREATE TABLE tickets (id serial PRIMARY KEY, name text NOT NULL)')
  once = await onceover({ db: database.pool })
  pool = new pg.Pool({ connectionString: database.url })
  pool.on('error', () => undefined)
  pool.on('acquire', () => {
    acquired++
  })
  other = await onceover({ db: pool })
  await once.migrate()
  await once.enforce(tickets)
})
afterAll(async () => {
  await once.close()
  await other.close()
  await pool.end()
  await database.drop()
})

/** Work whose `make` does not end before `finish` is called. */
function heldWork() {
  let finish: () => void = () => undefined
  let start: () => void = () => undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const started = new Promise<void>((resolve) => {
    start = resolve
  })
  const work = generator(tickets, {
    make: async () => {
      start()
      await finished
    },
    save: async (tx, { unit }) => {
      await tx.query('INSERT INTO tickets (name) VALUES ($1)', [unit.key.name])
    },
  })
  return { work, started, finish }
}

const unit = (name: string) => ({ key: { name }, input: null })

/** Resolves when the waiting side has turned to the database so often again. */
async function turns(count: number): Promise<void> {
  const until = acquired + count
  while (acquired < until) await new Promise((resolve) => pool.once('acquire', resolve))
}

test('units that are waited for have one verdict, in the answer and in the ledger', async () => {
  const { work, started, finish } = heldWork()
  const first = once.run(work, [unit('a')])
  await started
  const told: string[] = []
  const onVerdicts = (verdicts: readonly { readonly verdict: string }[]) => {
    told.push(...verdicts.map(({ verdict }) => verdict))
  }
  const before = other.counters.in_flight
  const second = other.run(work, [unit('a'), unit('b')], { wait: '1m', onVerdicts })
  await turns(8)
  finish()

  expect((await first).totals).toMatchObject({ created: 1 })
  const { run, totals, verdicts } = await second
  const ended = { rows: 2, created: 1, skipped: 1, in_flight: 0 }
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['skipped', 'created'])
  expect(totals).toMatchObject(ended)
  expect(told.sort()).toEqual(['created', 'skipped'])
  expect((await other.status(run)).totals).toMatchObject(ended)
  expect(other.counters.in_flight).toBe(before)
})

test('a unit that is not done within the wait is in flight, once', async () => {
  const { work, started, finish } = heldWork()
  const first = once.run(work, [unit('c')])
  await started

  const { run, totals, verdicts } = await other.run(work, [unit('c')], { wait: '600ms' })

  expect(verdicts).toMatchObject([{ verdict: 'in_flight', heldMs: expect.any(Number) }])
  expect(totals).toMatchObject({ rows: 1, in_flight: 1 })
  expect((await other.status(run)).totals).toMatchObject({ rows: 1, in_flight: 1 })
  finish()
  await first
})

test('one unit that is waited for has one verdict in the ledger, too', async () => {
  const { work, started, finish } = heldWork()
  const first = once.run(work, [unit('d')])
  await started
  const second = other.runOne(work, unit('d'), { wait: '1m' })
  await turns(8)
  finish()
  await first
  const { run, verdict } = await second
  expect(verdict).toBe('skipped')
  expect((await other.status(run)).totals).toMatchObject({ rows: 1, skipped: 1, in_flight: 0 })
  const late = heldWork()
  const held = once.run(late.work, [unit('e')])
  await late.started
  const flying = await other.runOne(late.work, unit('e'), { wait: '100ms' })
  expect(flying.verdict).toBe('in_flight')
  expect((await other.status(flying.run)).totals).toMatchObject({ rows: 1, in_flight: 1 })
  late.finish()
  await held
})
