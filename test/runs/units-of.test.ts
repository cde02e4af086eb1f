import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorkshop, unit, units, visiting, visits, type Workshop } from './workshop.ts'

let shop: Workshop
let run: string
beforeAll(async () => {
  shop = await openWorkshop()
  await shop.once.run(visiting(), [unit(2), unit(4)])
  const failing = visiting({
    make: ({ key }) => {
      if (Number(key.visitor) === 5) throw new Error('no such visitor')
      return undefined
    },
    attempts: 1,
  })
  run = (await shop.once.run(failing, units(1, 6))).run
})
afterAll(() => shop.close())

async function all(limit: number, filter = {}, of = run) {
  const found = []
  for (let after: string | undefined; ; ) {
    const page = await shop.once.unitsOf(of, { ...filter, limit, ...(after && { after }) })
    found.push(...page.items)
    if (page.next === null) return found
    after = page.next
  }
}

test.each([1, 2, 3, 100])('each unit has its verdict, in pages of %i', async (limit) => {
  const found = await all(limit)
  expect(
    Object.fromEntries(found.map(({ key, verdict, reason }) => [key.visitor, [verdict, reason]])),
  ).toEqual({
    1: ['created', null],
    2: ['skipped', 'exists'],
    3: ['created', null],
    4: ['skipped', 'exists'],
    5: ['failed', expect.stringContaining('no such visitor')],
    6: ['created', null],
  })
  expect(found).toHaveLength(6)
})

test('one verdict alone; a unit that met a row names it', async () => {
  const skipped = await all(1, { verdict: 'skipped' })
  expect(skipped.map(({ key, existing }) => [key.visitor, existing])).toEqual([
    ['2', { id: expect.any(String) }],
    ['4', { id: expect.any(String) }],
  ])
})

test('a chunk of many rows is read a page at a time', async () => {
  const rows = Array.from({ length: 1500 }, (_, at) => ({ visitor: 1000 + at, day: '2025-02-01' }))
  const { run: inserted } = await shop.once.insert(visits, rows)
  const first = await shop.once.unitsOf(inserted ?? '', { limit: 1200 })
  expect(first.items).toHaveLength(1200)
  const rest = await shop.once.unitsOf(inserted ?? '', { limit: 1200, after: first.next ?? '' })
  expect(rest.items).toHaveLength(300)
  expect(rest.next).toBeNull()
  expect(new Set([...first.items, ...rest.items].map(({ key }) => key.visitor)).size).toBe(1500)
})

test('a long run is read to its end, however its pages and its verdicts fall', async () => {
  const [{ id = '' } = {}] = await shop.rows<{ id: string }>(
    `INSERT INTO onceover.run (id, guard, policy, state)
    VALUES (gen_random_uuid(), 'visits', 'skip', 'done') RETURNING id`,
  )
  await shop.rows(
    `INSERT INTO onceover.event (run_id, guard, verdict, parts, keys, at)
    SELECT $1, 'visits', CASE WHEN i % 500 = 1 THEN 'failed' ELSE 'created' END, '{visitor}',
      json_build_array(json_build_array(i)), now() - (1500 - i) * interval '1 s'
    FROM generate_series(1, 1500) AS i`,
    [id],
  )
  expect(await all(500, {}, id)).toHaveLength(1500)
  expect(await all(50, { verdict: 'failed' }, id)).toHaveLength(3)
})

test('a run that is not there, no verdict and a foreign cursor are refused', async () => {
  const { once } = shop
  const nobody = once.unitsOf(crypto.randomUUID())
  await expect(nobody).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  const wrong = once.unitsOf(run, { verdict: 'taken_over' as never })
  await expect(wrong).rejects.toMatchObject({ code: 'USAGE' })
  const [event] = await once.events()
  await expect(once.unitsOf(run, { after: event?.cursor ?? '' })).rejects.toMatchObject({
    code: 'USAGE',
  })
})
