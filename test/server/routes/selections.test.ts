import { afterAll, beforeAll, expect, test } from 'vitest'
import { date, generator, guard, int, sql } from '../../../src/index.ts'
import { runRoutes } from '../../../src/server/routes/runs.ts'
import { selectionRoutes } from '../../../src/server/routes/selections.ts'
import { workRoutes } from '../../../src/server/routes/work.ts'
import { type Server, server } from '../../../src/server/server.ts'
import { openWorkshop, until, type Workshop } from '../../runs/workshop.ts'
import { type Ask, asking } from '../asking.ts'

const visits = guard('visits', {
  table: 'visits',
  key: { visitor: int(), day: date() },
  matrix: { entity: 'visitor', period: 'day' },
})

let broken = true

const visiting = generator(visits, {
  expected: ({ from, to }: { from: string; to: string }) => sql`
    SELECT visitor, day::date FROM generate_series(1, 3) AS visitor,
      generate_series(${from}::date, ${to}::date, '1 day') AS day`,
  save: async (tx, { unit: { key } }) => {
    if (broken && key.visitor === 2) throw new Error('no paper')
    await tx.query('INSERT INTO visits (visitor, day) VALUES ($1, $2)', [key.visitor, key.day])
  },
  attempts: 1,
})

let shop: Workshop
let served: Server
let ask: Ask

beforeAll(async () => {
  shop = await openWorkshop()
  const { once } = shop
  await once.run(visiting, { from: '2025-01-01', to: '2025-01-01' })
  served = server({ once, guards: [visits], generators: [visiting], write: true })
  ask = asking(served, [...selectionRoutes, ...workRoutes, ...runRoutes])
})
afterAll(async () => {
  await served.close()
  await shop.close()
})

const SPAN = { from: '2025-01-01', to: '2025-01-02' }

const select = (body: object) =>
  ask('POST /guards/visits/selections', { body: { ...SPAN, ...body }, status: 201 })

const start = async (verb: string, body: object) => {
  const { run } = await ask(`POST /guards/visits/${verb}`, { body, status: 202 })
  await until(async () => (await ask(`GET /runs/${run}`)).state !== 'running')
  return ask(`GET /runs/${run}`)
}

test('what is missing is frozen, previewed, and only that is run', async () => {
  const { id, count, keys } = await select({ states: ['missing'], q: '1' })
  expect([count, keys]).toEqual([1, [{ visitor: '1', day: '2025-01-02' }]])
  const body = { selection: id }
  const preview = await ask('POST /guards/visits/preview', { body })
  expect(preview).toMatchObject({ totals: { rows: 1, created: 1 } })
  expect(await start('run', body)).toMatchObject({ totals: { rows: 1, created: 1 } })
  expect(await start('run', body)).toMatchObject({ totals: { rows: 1, skipped: 1 } })
})

test('what is missing or failed is tried again together', async () => {
  broken = false
  const { id, count } = await select({ states: ['missing', 'failed'] })
  expect(count).toBe(3)
  const { totals } = await start('retry', { selection: id, reason: 'paper came' })
  expect(totals).toMatchObject({ created: 3, failed: 0 })
})

test('cells and claims are selected too, and claims can only be tried again', async () => {
  const cells = [{ entity: '3', period: '2025-01-02' }]
  expect(await select({ cells })).toMatchObject({ count: 1, keys: [{ visitor: '3' }] })
  expect(await select({ cells, states: ['missing'] })).toMatchObject({ count: 0 })
  const claims = { state: 'done', key: { visitor: '2' } }
  const { id, keys } = await select({ claims })
  expect(keys).toHaveLength(2)
  await ask('POST /guards/visits/run', { body: { selection: id }, status: 400 })
  expect(await start('retry', { selection: id })).toMatchObject({ totals: { rows: 0 } })
})

test('a selection is of one guard and of its server', async () => {
  const selection = '00000000-0000-4000-8000-000000000000'
  const gone = await ask('POST /guards/visits/run', { body: { selection }, status: 410 })
  expect(gone.code).toBe('SELECTION_GONE')
  await ask('POST /guards/visits/selections', { body: SPAN, status: 400 })
})
