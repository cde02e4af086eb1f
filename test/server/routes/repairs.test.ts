import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Served, serveVisits } from './visits.ts'

let served: Served
beforeAll(async () => {
  served = await serveVisits()
})
beforeEach(() => served.reset())
afterAll(() => served.close())

const ask: Served['ask'] = (what, asking) => served.ask(what, asking)

const rows = async (): Promise<string[]> => {
  const { rows: found } = await served.db.pool.query(
    `SELECT v::text AS row FROM visits AS v UNION ALL SELECT l::text FROM lines AS l ORDER BY 1`,
  )
  return found.map(({ row }) => row)
}

const plan = (body = {}) => ask('POST /guards/visits/repairs', { body, status: 201 })

const apply = (planned: { repair: string; hash: string }, status = 202, more = {}) =>
  ask(`POST /repairs/${planned.repair}/apply`, { status, body: { hash: planned.hash, ...more } })

test('without a schema of ours nothing can be planned, and the answer says so', async () => {
  const refused = await ask('POST /guards/visits/repairs', { body: {}, status: 503 })
  expect(refused).toMatchObject({ code: 'NOT_MIGRATED', fix: expect.stringContaining('migrate') })
  await served.once.migrate()
})

test('duplicates are looked at, planned, removed and brought back', async () => {
  const before = await rows()
  const { groups } = await ask('GET /guards/visits/duplicates')
  const planned = await plan({ reason: 'two writers', actor: 'desk' })
  expect(planned).toMatchObject({ groups: groups.length, rows: 20 })
  expect(planned.largest[0].keeper.id).toBe(groups[0].keeper.id)
  expect(await rows()).toEqual(before)

  const started = await apply(planned, 202, { actor: 'lead' })
  expect(started).toMatchObject({ what: 'apply', id: planned.repair, actor: 'lead', error: null })
  expect(await served.ended()).toMatchObject({
    progress: { done: 20, rows: 20 },
    result: { removed: 20, moved: 20, left: { groups: 0 } },
    error: null,
  })
  expect((await ask('GET /guards/visits/duplicates')).groups).toEqual([])
  expect(await ask(`GET /repairs/${planned.repair}`)).toMatchObject({
    ...{ state: 'applied', reason: 'two writers', actor: 'desk', appliedBy: 'lead' },
  })

  const undone = await ask(`POST /repairs/${planned.repair}/undo`, { body: { actor: 'lead' } })
  expect(undone).toEqual({ repair: planned.repair, restored: 20, reverted: 20, changedSince: 0 })
  expect(await rows()).toEqual(before)
  expect((await ask('GET /guards/visits')).underway).toMatchObject({ what: 'undo', error: null })
  const again = await ask(`POST /repairs/${planned.repair}/undo`, { body: {}, status: 409 })
  expect(again).toMatchObject({ code: 'REPAIR_UNDONE' })
})

test('repairs are listed page by page, newest first', async () => {
  const newest = [await plan(), await plan()].map(({ repair }) => repair).reverse()
  const first = await ask('GET /repairs?guard=visits&state=planned&limit=1')
  const second = await ask(`GET /repairs?state=planned&limit=1&cursor=${first.next}`)
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(newest)
  expect(await ask('GET /repairs?guard=lost')).toEqual({ items: [], next: null })
})

test('what would be done can be said without keeping anything', async () => {
  const said = await ask('POST /guards/visits/repairs', { body: { dryRun: true } })
  expect(said).toMatchObject({ repair: '', rows: 20 })
})

describe('what is refused', () => {
  test('is a plan whose rows changed since, unless those are to be left out', async () => {
    const planned = await plan()
    await served.db.pool.query("UPDATE visits SET status = 'PAID' WHERE id = 1")
    expect(await apply(planned, 409)).toMatchObject({ code: 'PLAN_DRIFTED' })
    expect(await ask(`GET /repairs/${planned.repair}`)).toMatchObject({ state: 'planned' })
    await apply(planned, 202, { onDrift: 'skip' })
    expect(await served.ended()).toMatchObject({ result: { removed: 19, skipped: 1 } })
  })

  test('is a plan other than the one that was looked at', async () => {
    const { repair } = await plan()
    expect(await apply({ repair, hash: 'another' }, 409)).toMatchObject({ code: 'PLAN_EDITED' })
  })

  test('is an undo of what was never applied, and of what is not there', async () => {
    const { repair } = await plan()
    const asking = { body: {}, status: 409 }
    expect(await ask(`POST /repairs/${repair}/undo`, asking)).toMatchObject({
      code: 'REPAIR_NOT_APPLIED',
    })
    for (const id of ['0', 'x', '99999999999999999999']) {
      const missing = await ask(`POST /repairs/${id}/undo`, { body: {}, status: 404 })
      expect(missing).toMatchObject({ code: 'REPAIR_NOT_FOUND' })
    }
  })

  test('is a second repair or enforcement of a guard while one is under way', async () => {
    const [planned, other] = [await plan(), await plan()]
    const holder = await served.db.pool.connect()
    await holder.query('BEGIN; SELECT FROM visits WHERE id = 1 FOR UPDATE')
    const first = apply(planned)
    while ((await ask('GET /guards/visits')).underway?.id !== planned.repair);
    const busy = { code: 'GUARD_BUSY', details: { what: 'apply' } }
    expect(await apply(other, 409)).toMatchObject(busy)
    for (const path of ['guards/visits/enforce', 'guards/visits/repairs']) {
      expect(await ask(`POST /${path}`, { body: {}, status: 409 })).toMatchObject(busy)
    }
    await holder.query('ROLLBACK')
    holder.release()
    await first
    expect(await served.ended()).toMatchObject({ id: planned.repair, error: null })
  })
})
