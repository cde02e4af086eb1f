import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { generator, guard, int, type Onceover, onceover } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const seats = guard('seats', { table: 'seat', key: { number: int() } })

let db: TestDatabase
let once: Onceover
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query('CREATE TABLE seat (id serial PRIMARY KEY, number int NOT NULL UNIQUE)')
  once = await onceover({ db: db.pool })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

const unit = (number: number) => ({ key: { number } })
const save = () => {}
const fail = () => {
  throw new TypeError('something of mine')
}

test('expected that throws is named, and no run is left behind as running', async () => {
  await expect(once.run(generator(seats, { expected: fail, save }), {})).rejects.toMatchObject({
    code: 'CALLBACK_FAILED',
    message: 'expected of the generator of seats failed: something of mine.',
  })
  expect((await once.runs({ state: 'running' })).length).toBe(0)
})

test.each([
  ['a text', () => 'SELECT 1'],
  ['nothing', () => undefined],
  ['a promise', async () => []],
])('expected that answers with %s is named', async (_, expected) => {
  const strange = generator(seats, { expected: expected as never, save })
  await expect(once.run(strange, {})).rejects.toMatchObject({ code: 'CALLBACK_FAILED' })
})

test('fingerprint that throws is named', async () => {
  const marked = generator(seats, { fingerprint: fail, save })
  await expect(once.run(marked, [unit(1)])).rejects.toMatchObject({
    code: 'CALLBACK_FAILED',
    details: { function: 'fingerprint of the generator of seats' },
  })
})

test('a schema that throws makes its unit invalid, and no other', async () => {
  const input = z.object({ n: z.number() }).transform(({ n }) => (n === 2 ? fail() : { n }))
  const checked = generator(seats, { input, save })
  const { verdicts } = await once.run(
    checked,
    [1, 2, 3].map((n) => ({ ...unit(10 + n), input: { n } })),
  )
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['created', 'invalid', 'created'])
  expect(verdicts[1]?.reason).toBe('input: the schema failed: something of mine')
})

test('a unit of the wrong shape does not pass the compiler as a range', () => {
  const typed = generator(seats, { input: z.object({ n: z.number() }), save })
  const wrong = () => [
    // @ts-expect-error neither units nor a range
    once.run(typed, 5),
    // @ts-expect-error the input is missing
    once.run(typed, [unit(1)]),
    // @ts-expect-error the input has another type
    once.run(typed, [{ ...unit(1), input: { n: 'x' } }]),
  ]
  expect(wrong).toBeTypeOf('function')
})
