import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  openWorkshop,
  signalled,
  unit,
  units,
  visiting,
  visits,
  type Workshop,
} from '../runs/workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop({ worker: 'desk' })
})
afterAll(() => shop.close())

const keyOf = (visitor: number) => unit(visitor).key

const history = (visitor: number, options = {}) =>
  shop.once.history(visits, keyOf(visitor), options)

test('a key that was made, and met again, tells both, the newest first', async () => {
  const { once } = shop
  const paying = visiting({
    make: async ({ key }, claim) => {
      await claim.step('charge', () => ({ charged: String(key.visitor) }))
      return undefined
    },
  })
  const made = await once.run(paying, units(1, 3), { reason: 'nightly', actor: 'cron' })
  const again = await once.run(paying, [unit(1)], { reason: 'by hand', actor: 'ann' })
  const told = await history(1)
  expect(told).toMatchObject({
    guard: 'visits',
    table: 'public.visits',
    key: { visitor: '1', day: '2025-01-01' },
    rows: [{ keeper: true, row: { note: 'attempt 1' }, madeAt: null }],
    standing: 1,
    excess: 0,
    claim: { state: 'done', attempt: 1, fence: '1', run: made.run, actor: 'cron', error: null },
    steps: [
      { name: 'charge', state: 'answered', generation: 1, calls: 1, answer: { charged: '1' } },
    ],
    searchedTo: null,
    more: false,
    next: null,
  })
  expect(told.timeline).toMatchObject([
    { verdict: 'skipped', reason: 'exists', runReason: 'by hand', actor: 'ann', run: again.run },
    { verdict: 'created', run: made.run, actor: 'cron', existing: null },
  ])
  expect(told.timeline[0]?.existing).toEqual(told.rows[0]?.id)
})

test('a claim that was cancelled says who cancelled its run, and why', async () => {
  const begun = signalled<string>()
  const held = visiting({
    make: (_, { run }) => {
      begun.resolve(run)
      return new Promise<undefined>(() => undefined)
    },
  })
  const running = shop.once.run(held, [unit(10)])
  await shop.once.cancel(await begun.promise, { reason: 'wrong day', actor: 'ann' })
  await running
  const { claim, rows, timeline } = await history(10)
  expect(claim).toMatchObject({
    state: 'cancelled',
    cancelledBy: 'ann',
    cancelReason: 'wrong day',
    error: 'wrong day',
  })
  expect(rows).toEqual([])
  expect(timeline).toMatchObject([{ verdict: 'cancelled', reason: 'wrong day' }])
})

test('what is older than the search came is told of its run, and found by going on', async () => {
  await shop.rows(
    `INSERT INTO onceover.event (run_id, guard, verdict, parts, keys)
     SELECT gen_random_uuid(), 'visits', 'skipped', '{visitor,day}',
       json_build_array(json_build_array((1000 + n)::text, '2025-01-01'))
     FROM generate_series(1, 2500) AS n`,
  )
  const told = await history(1)
  expect(told.more).toBe(true)
  expect(told.searchedTo).toMatch(/Z$/)
  // The skip was in a run of its own: only the making is in the run of the claim.
  expect(told.timeline.map(({ verdict }) => verdict)).toEqual(['created'])
  const found: string[] = []
  for (let after = told.next; after !== null; ) {
    const further = await history(1, { after })
    found.push(...further.timeline.map(({ verdict }) => verdict))
    after = further.next
  }
  expect(found).toEqual(['skipped', 'created'])
})

test('a key that nobody knows has an empty history; what is no key is refused', async () => {
  expect(await history(99)).toMatchObject({ rows: [], claim: null, steps: [], timeline: [] })
  await expect(shop.once.history(visits, { visitor: 1 })).rejects.toMatchObject({
    code: 'UNIT_INVALID',
  })
})

test('every row of a key is told, the one to keep first', async () => {
  await shop.rows('ALTER TABLE visits DROP CONSTRAINT visits_visitor_day_key')
  await shop.rows(`INSERT INTO visits (visitor, day, note) VALUES (1, '2025-01-01', 'twice')`)
  const { rows, standing, excess } = await history(1)
  expect({ standing, excess }).toEqual({ standing: 2, excess: 1 })
  expect(rows.map(({ keeper, row }) => [keeper, row.note])).toEqual([
    [true, expect.any(String)],
    [false, 'twice'],
  ])
})
