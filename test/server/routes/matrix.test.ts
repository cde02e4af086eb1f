import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { date, generator, guard, int, sql } from '../../../src/index.ts'
import { matrixRoutes } from '../../../src/server/routes/matrix.ts'
import { runRoutes } from '../../../src/server/routes/runs.ts'
import { workRoutes } from '../../../src/server/routes/work.ts'
import { type Server, server } from '../../../src/server/server.ts'
import { openWorkshop, until, type Workshop } from '../../runs/workshop.ts'
import { type Ask, asking } from '../asking.ts'

const visits = guard('visits', {
  table: 'visits',
  key: { visitor: int(), day: date() },
  matrix: {
    entity: 'visitor',
    period: 'day',
    labels: "SELECT id, 'Visitor ' || to_char(id, 'FM00') FROM generate_series(1, 12) AS id",
  },
})

const visiting = generator(visits, {
  expected: ({ from, to }: { from: string; to: string }) => sql`
    SELECT visitor, day::date FROM generate_series(1, 12) AS visitor,
      generate_series(${from}::date, ${to}::date, '1 day') AS day`,
  save: async (tx, { unit: { key } }) => {
    await tx.query('INSERT INTO visits (visitor, day) VALUES ($1, $2)', [key.visitor, key.day])
  },
})

let shop: Workshop
let served: Server
let ask: Ask

beforeAll(async () => {
  shop = await openWorkshop()
  await shop.rows(`INSERT INTO visits (visitor, day)
    SELECT visitor, day FROM generate_series(1, 10) AS visitor,
      generate_series('2025-01-01'::date, '2025-01-03', '1 day') AS day
    WHERE (visitor, day::date) <> (3, '2025-01-02')`)
  const { once } = shop
  served = server({ once, guards: [visits], generators: [visiting], write: true })
  ask = asking(served, [...matrixRoutes, ...workRoutes, ...runRoutes])
})
afterAll(async () => {
  await served.close()
  await shop.close()
})

const MATRIX = 'GET /guards/visits/matrix?from=2025-01-01&to=2025-01-03'

interface Row {
  readonly entity: string
}

const entitiesOf = ({ rows }: { rows: readonly Row[] }) => rows.map(({ entity }) => entity)

describe('a matrix', () => {
  test('is answered in windows of one version, with what matches counted', async () => {
    const first = await ask(`${MATRIX}&limit=7`)
    expect(first).toMatchObject({
      periods: ['2025-01-01', '2025-01-02', '2025-01-03'],
      entities: 12,
      totals: { done: 29, missing: 7 },
      stale: false,
    })
    expect(first.byPeriod[1]).toMatchObject({ done: 9, missing: 3, failed: 0 })
    expect(first.rows[2]).toEqual({
      entity: '3',
      label: 'Visitor 03',
      states: 'dmd',
      counts: null,
    })
    const rest = await ask(`${MATRIX}&limit=7&cursor=${first.next}`)
    expect(entitiesOf(rest)).toEqual(['8', '9', '10', '11', '12'])
    expect([rest.at, rest.next]).toEqual([first.at, null])
    await ask(`${MATRIX}&cursor=lost`, { status: 400 })
  })

  test('is narrowed by state, text and entity, and sorted by what is wrong', async () => {
    const missing = await ask(`${MATRIX}&states=missing,failed&sort=worst`)
    expect(entitiesOf(missing)).toEqual(['11', '12', '3'])
    expect(missing).toMatchObject({ entities: 3, totals: { missing: 7, done: 2 } })
    expect(entitiesOf(await ask(`${MATRIX}&q=VISITOR%201`))).toEqual(['10', '11', '12'])
    expect(entitiesOf(await ask(`${MATRIX}&entity=1`))).toEqual(['1'])
    expect(entitiesOf(await ask(`${MATRIX}&states=duplicate`))).toEqual([])
    await ask(`${MATRIX}&states=lost`, { status: 400 })
    await ask('GET /guards/visits/matrix?from=tomorrow', { status: 400 })
    await ask('GET /guards/visits/matrix?from=0205-01-01&to=2025-01-03', { status: 400 })
  })

  test('is a new one once something was made, and its older pages are gone on with', async () => {
    const before = await ask(`${MATRIX}&limit=2`)
    const units = [{ key: { visitor: 3, day: '2025-01-02' } }]
    const { run } = await ask('POST /guards/visits/run', { body: { units }, status: 202 })
    await until(async () => (await ask(`GET /runs/${run}`)).state === 'done')
    await until(async () => !(await ask(MATRIX)).stale)
    const after = await ask(`${MATRIX}&limit=3`)
    expect(after).toMatchObject({ totals: { done: 30 }, rows: [{}, {}, { states: 'ddd' }] })
    const older = await ask(`${MATRIX}&limit=1&cursor=${before.next}`)
    expect(older).toMatchObject({ at: before.at, rows: [{ states: 'dmd' }] })
    const lost = Buffer.from(JSON.stringify(['2025-01-01', 2])).toString('base64url')
    await ask(`${MATRIX}&cursor=${lost}`, { status: 410 })
  })
})

test('a cell tells its keys', async () => {
  const cell = await ask('GET /guards/visits/cell?entity=11&period=2025-01-02')
  expect(cell).toEqual({
    keys: [{ key: { visitor: '11', day: '2025-01-02' }, state: 'missing' }],
  })
})
