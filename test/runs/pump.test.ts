import type { Progress } from 'onceover'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openWorkshop, signalled, units, visiting, type Workshop } from './workshop.ts'

let shop: Workshop

beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

const claimed = async () => (await shop.once.claims({ state: 'claimed' })).length

test('progress is told while no verdict falls', async () => {
  const held = signalled()
  const told: Progress[] = []
  const running = shop.once.run(visiting({ make: () => held.promise }), units(1, 6), {
    concurrency: 2,
    onProgress: (progress) => told.push(progress),
  })
  await expect.poll(() => told.at(-1)).toMatchObject({ running: 2, totals: { rows: 0 } })
  const seen = told.length
  await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThan(seen + 1)
  held.resolve()
  expect((await running).totals).toMatchObject({ created: 6 })
  const last = told.length
  expect(told.at(-1)).toMatchObject({ running: 0, waiting: 0, totals: { created: 6 } })
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toHaveLength(last)
})

test('what waits is given back at once where a run is stopped, not after what runs', async () => {
  const held = signalled()
  const stop = new AbortController()
  const running = shop.once.run(visiting({ make: () => held.promise }), units(1, 6), {
    concurrency: 2,
    signal: stop.signal,
  })
  await expect.poll(claimed).toBe(6)
  stop.abort()
  await expect.poll(claimed, { timeout: 10_000 }).toBe(2)
  held.resolve()
  expect(await running).toMatchObject({
    state: 'stopped',
    totals: { created: 2, cancelled: 4 },
  })
})
