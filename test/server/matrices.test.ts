import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { date, generator, guard, int, sql } from '../../src/index.ts'
import { HeavyReads } from '../../src/server/heavy-reads.ts'
import { Matrices } from '../../src/server/matrices.ts'
import { openWorkshop, until, type Workshop } from '../runs/workshop.ts'

const visits = guard('visits', {
  table: 'visits',
  key: { visitor: int(), day: date() },
  matrix: { entity: 'visitor', period: 'day' },
})

let asked = 0
let sleepS = 0

const visiting = generator(visits, {
  expected: ({ from }: { from: string }) => {
    asked++
    return sql`SELECT visitor, ${from}::date AS day
      FROM pg_sleep(${sleepS}), generate_series(1, 3) AS visitor`
  },
  save: () => undefined,
})

let shop: Workshop
let matrices: Matrices
beforeAll(async () => {
  shop = await openWorkshop()
})
beforeEach(() => {
  matrices = new Matrices(shop.once, new HeavyReads())
  asked = 0
  sleepS = 0
})
afterAll(() => shop.close())

const day = { from: '2025-01-01', to: '2025-01-01' }

const look = async (span = day) => {
  const { kept, stale } = await matrices.get(visiting, span)
  return { states: kept.matrix.rows.map(({ states }) => states).join(''), stale, kept }
}

const insert = async (visitor: number, { from } = day) => {
  await shop.once.insert(visits, [{ visitor, day: from }])
  matrices.recheck()
}

test('those who look at the same matrix at once have it made once', async () => {
  const found = await Promise.all([look(), look(), look()])
  expect(found.map(({ states }) => states)).toEqual(['mmm', 'mmm', 'mmm'])
  expect(asked).toBe(1)
  await look({ from: '2025-01-02', to: '2025-01-02' })
  expect(asked).toBe(2)
})

test('what changed is shown as soon as it is made anew', async () => {
  await look()
  await insert(1)
  await until(async () => !(await look()).stale)
  expect(await look()).toMatchObject({ states: 'dmm', stale: false })
})

test('one that takes long is shown as it was, and said to be stale, until it is new', async () => {
  sleepS = 0.4
  await look()
  await insert(2)
  expect(await look()).toMatchObject({ states: 'dmm', stale: true })
  await until(async () => !(await look()).stale)
  expect(await look()).toMatchObject({ states: 'ddm', stale: false })
})

test('an older version is kept for those who page through it, among the last dozen', async () => {
  const { kept } = await look()
  await insert(3)
  await look()
  expect(matrices.at('visits', day, kept.matrix.at)).toBe(kept)
  const january = Array.from({ length: 13 }, (_, place) => `2025-01-${10 + place}`)
  for (const from of january) await look({ from, to: from })
  expect(() => matrices.at('visits', day, kept.matrix.at)).toThrow('made anew')
})

test('what changed behind thousands of events is shown', async () => {
  const february = { from: '2025-02-01', to: '2025-02-01' }
  await look(february)
  await shop.rows(
    `INSERT INTO onceover.event (run_id, guard, verdict, parts, keys)
    SELECT gen_random_uuid(), 'others', 'created', '{visitor}', '[[1]]'
    FROM generate_series(1, 5000)`,
  )
  await insert(2, february)
  expect(await look(february)).toMatchObject({ states: 'mdm', stale: false })
  await insert(3, february)
  expect(await look(february)).toMatchObject({ states: 'mdd', stale: false })
})
