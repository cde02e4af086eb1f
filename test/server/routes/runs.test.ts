import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimRoutes } from '../../../src/server/routes/claims.ts'
import { eventRoutes } from '../../../src/server/routes/events.ts'
import { runRoutes } from '../../../src/server/routes/runs.ts'
import { type Server, server } from '../../../src/server/server.ts'
import { openWorkshop, units, visiting, visits, type Workshop } from '../../runs/workshop.ts'
import { type Ask, asking } from '../asking.ts'

let shop: Workshop
let served: Server
let ask: Ask

const failing = visiting({
  make: ({ key }) => {
    if (Number(key.visitor) > 90) throw new Error('no paper')
    return undefined
  },
})

const stopped = () =>
  shop.once.run(failing, units(10, 11), { signal: AbortSignal.abort(), actor: 'cron' })

beforeAll(async () => {
  shop = await openWorkshop()
  const { once } = shop
  await once.run(failing, units(1, 4), { reason: 'nightly', actor: 'cron' })
  await once.run(failing, units(3, 6), { reason: 'by hand', actor: 'ann' })
  await once.run(failing, units(91, 92), { actor: 'ann' })
  served = server({ once, guards: [visits], generators: [failing], write: true })
  ask = asking(served, [...runRoutes, ...claimRoutes, ...eventRoutes])
})
afterAll(async () => {
  await served.close()
  await shop.close()
})

describe('runs', () => {
  test('are narrowed, and paged to the end', async () => {
    const first = await ask('GET /runs?actor=ann&limit=1')
    expect(first.items).toMatchObject([{ totals: { failed: 2 } }])
    const second = await ask(`GET /runs?actor=ann&limit=1&cursor=${first.next}`)
    expect(second.items).toMatchObject([{ reason: 'by hand' }])
    expect(second.next).toBeNull()
    const found = await ask('GET /runs?state=done,running&reason=NIGHT&since=1d')
    expect(found.items).toMatchObject([{ totals: { created: 4 } }])
    await ask('GET /runs?state=lost', { status: 400 })
    await ask('GET /runs?cursor=lost', { status: 400 })
  })

  test('have a verdict on each unit', async () => {
    const [run] = (await ask('GET /runs?reason=hand')).items
    const skipped = await ask(`GET /runs/${run.id}/units?verdict=skipped&limit=1`)
    expect(skipped.items).toMatchObject([
      { key: { visitor: '3' }, existing: { id: expect.anything() } },
    ])
    const rest = await ask(`GET /runs/${run.id}/units?verdict=skipped&cursor=${skipped.next}`)
    expect(rest.items).toMatchObject([{ key: { visitor: '4' }, reason: 'exists' }])
    await ask('GET /runs/00000000-0000-4000-8000-000000000000/units', { status: 404 })
  })

  test('are cancelled together where they are those that were confirmed', async () => {
    await stopped()
    const { run } = await stopped()
    const body = { guard: 'visits', actor: 'cron', expect: 1, reason: 'wrong day' }
    const changed = await ask('POST /runs/cancel', { body, status: 409 })
    expect(changed).toMatchObject({
      code: 'SELECTION_CHANGED',
      details: { expected: 1, found: 2 },
    })
    const two = await ask('GET /runs?guard=visits&actor=cron&state=stopped')
    const ids = two.items.map(({ id }: { id: string }) => id)
    const other = { ...body, expect: 2, runs: [run, crypto.randomUUID()] }
    expect(await ask('POST /runs/cancel', { body: other, status: 409 })).toMatchObject({
      details: { expected: 2, found: 2, others: 1 },
    })
    const done = await ask('POST /runs/cancel', { body: { ...body, expect: 2, runs: ids } })
    expect(done).toMatchObject({ runs: 2, claims: 0, results: [{ run, cancelled: true }, {}] })
    expect(await ask(`GET /runs/${run}`)).toMatchObject({
      state: 'cancelled',
      cancelReason: 'wrong day',
      cancelledBy: 'dashboard',
    })
    const one = await ask(`POST /runs/${run}/cancel`, { body: {} })
    expect(one).toEqual({ cancelled: false, claims: 0 })
  })
})

test('claims are narrowed by state, error and parts of the key', async () => {
  const failed = await ask('GET /claims?guard=visits&error=PAPER')
  expect(failed.items).toMatchObject([{ state: 'failed' }, { error: 'no paper' }])
  const found = await ask('GET /claims?part.visitor=2&part.day=2025-01-01')
  expect(found.items).toMatchObject([{ key: { visitor: '2' }, state: 'done' }])
  expect((await ask('GET /claims?part.visitor=null')).items).toEqual([])
  const page = await ask('GET /claims?guard=visits&limit=5')
  const rest = await ask(`GET /claims?guard=visits&limit=5&cursor=${page.next}`)
  expect([page.items.length, rest.items.length, rest.next]).toEqual([5, 3, null])
})

test('events are narrowed by verdict, actor and parts of a key', async () => {
  const skips = await ask('GET /events?guard=visits&verdict=skipped&actor=ann')
  expect(skips.items).toMatchObject([{ keys: [{ visitor: '3' }, { visitor: '4' }] }])
  const found = await ask('GET /events?guard=visits&part.visitor=3')
  expect(found.items.map(({ verdict }: { verdict: string }) => verdict)).toEqual([
    'skipped',
    'created',
  ])
  await ask('GET /events?since=yesterdayish', { status: 400 })
})
