import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyRoutes } from '../../../src/server/routes/keys.ts'
import { type Server, server } from '../../../src/server/server.ts'
import { openWorkshop, unit, visiting, visits, type Workshop } from '../../runs/workshop.ts'
import { type Ask, asking } from '../asking.ts'

let shop: Workshop
let served: Server
let ask: Ask

beforeAll(async () => {
  shop = await openWorkshop()
  const paying = visiting({
    make: async (_, claim) => {
      await claim.step('charge', () => ({ paid: true }))
      return undefined
    },
  })
  await shop.once.run(paying, [unit(7)], { reason: 'nightly', actor: 'cron' })
  await shop.once.run(paying, [unit(7)], { reason: 'by hand', actor: 'ann' })
  served = server({ once: shop.once, guards: [visits] })
  ask = asking(served, keyRoutes)
})
afterAll(async () => {
  await served.close()
  await shop.close()
})

test('a key tells its rows, its claim, its steps and who was turned away', async () => {
  expect(await ask('GET /guards/visits/key?visitor=7&day=2025-01-01')).toMatchObject({
    key: { visitor: '7', day: '2025-01-01' },
    standing: 1,
    claim: { state: 'done', fence: '1', actor: 'cron' },
    steps: [{ name: 'charge', state: 'answered' }],
    timeline: [{ verdict: 'skipped', actor: 'ann', runReason: 'by hand' }, { verdict: 'created' }],
  })
})

test('its timeline is paged, and its parts may be called parts', async () => {
  const path = 'GET /guards/visits/key?part.visitor=7&part.day=2025-01-01&limit=1'
  const first = await ask(path)
  expect(first).toMatchObject({ more: true, timeline: [{ verdict: 'skipped' }, {}] })
  expect((await ask(`${path}&cursor=${first.next}`)).timeline).toMatchObject([
    { verdict: 'created' },
  ])
})

test('what is no key of the guard is refused', async () => {
  for (const query of ['', '?visitor=7', '?visitor=ann&day=2025-01-01']) {
    await ask(`GET /guards/visits/key${query}`, { status: 400 })
  }
  await ask('GET /guards/visits/key?visitor=7&day=2025-01-01&hour=8', { status: 400 })
  await ask('GET /guards/lost/key?day=2025-01-01', { status: 404 })
})
