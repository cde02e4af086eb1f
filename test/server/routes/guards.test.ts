import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveVisits, visits } from './visits.ts'

let served: Served
beforeAll(async () => {
  served = await serveVisits()
  await served.reset()
})
afterAll(() => served.close())

test('guards are listed without a schema of ours, and one without a table says why', async () => {
  expect(await served.ask('GET /guards')).toEqual({
    items: [
      {
        ...{ name: 'visits', table: 'visits', key: ['v'], where: null, matrix: null },
        ...{ generator: false, expected: false, copies: false, enforced: false, index: null },
        counts: { claimed: 0, failed: 0, exhausted: 0, cancelled: 0 },
        ...{ lastRun: null, underway: null, error: null },
      },
      expect.objectContaining({
        name: 'lost',
        enforced: false,
        error: expect.objectContaining({ code: 'TABLE_NOT_FOUND', fix: expect.any(String) }),
      }),
    ],
    next: null,
  })
})

test('a guard is told with its parts, its indexes and its repairs', async () => {
  await served.db.pool.query('CREATE UNIQUE INDEX odd ON visits (v, id)')
  expect(await served.ask('GET /guards/visits')).toMatchObject({
    parts: [{ name: 'v', type: 'integer' }],
    keep: ['"id"'],
    losers: 'delete',
    inspection: {
      ...{ enforced: false, indexes: [], invalid: [], primaryKey: ['id'] },
      shadows: [{ name: 'odd', kind: 'wider' }],
    },
    repairs: [],
  })
  await served.once.migrate()
  const plan = await served.once.planRepair(visits)
  expect(await served.ask('GET /guards/visits')).toMatchObject({
    repairs: [{ id: plan.repair, state: 'planned', plan: { hash: plan.hash } }],
  })
  expect(await served.ask('GET /guards/lost')).toMatchObject({
    parts: [{ name: 'v', type: null }],
    inspection: null,
  })
})

test('the latest run of a guard is told with it', async () => {
  await served.db.pool.query('DELETE FROM visits WHERE id % 3 > 0')
  await served.once.enforce(visits)
  await served.once.insert(visits, [{ id: 100, v: 100 }], { reason: 'late', actor: 'desk' })
  expect((await served.ask('GET /guards')).items).toMatchObject([
    { name: 'visits', lastRun: { reason: 'late', actor: 'desk' } },
    { name: 'lost', lastRun: null },
  ])
})

test('a table that somebody has locked keeps nobody from the other guards', async () => {
  const holder = await served.db.pool.connect()
  await holder.query('BEGIN; LOCK TABLE visits')
  expect((await served.ask('GET /guards')).items).toMatchObject([
    { name: 'visits', enforced: false, error: { code: 'TIMEOUT' } },
    { name: 'lost', error: { code: 'TABLE_NOT_FOUND' } },
  ])
  await holder.query('ROLLBACK')
  holder.release()
  expect((await served.ask('GET /guards')).items[0]).toMatchObject({ enforced: true, error: null })
})

test('a guard that is not served is not found', async () => {
  expect(await served.ask('GET /guards/none', { status: 404 })).toMatchObject({
    code: 'GUARD_NOT_FOUND',
  })
})
