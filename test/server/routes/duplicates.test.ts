import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveVisits } from './visits.ts'

let served: Served
beforeAll(async () => {
  served = await serveVisits()
  await served.reset()
})
afterAll(() => served.close())

test('a scan says what breaks a key, and when it came where that is asked for', async () => {
  const report = await served.ask('GET /guards/visits/scan')
  expect(report).toMatchObject({ rows: 30, duplicates: { groups: 10, excess: 20 } })
  expect(report.growthUnknown).toBeUndefined()
  expect((await served.ask('GET /guards/visits/scan?growth=true')).growthUnknown).toBe(
    'visits has no column that says when a row was made.',
  )
  await served.db.pool.query(`ALTER TABLE visits ADD created_at timestamptz;
    UPDATE visits SET created_at = timestamptz '2025-01-01' + id * '1 hour'::interval`)
  expect(await served.ask('GET /guards/visits/scan?growth=true')).toMatchObject({
    growth: { column: 'created_at', excess: 20, unit: 'hour' },
  })
})

test('those who ask for a scan at the same time share it', async () => {
  const scans = await Promise.all([1, 2, 3].map(() => served.ask('GET /guards/visits/scan')))
  expect(scans[1]).toEqual(scans[0])
  expect(scans[2]).toEqual(scans[0])
})

test('a scan ends with the last of those who asked for it', async () => {
  const holder = await served.db.pool.connect()
  await holder.query('BEGIN; LOCK TABLE visits')
  const asker = new AbortController()
  const { signal } = asker
  const url = 'http://127.0.0.1:4100/api/guards/visits/scan'
  const scans = [1, 2].map(() => served.server.fetch(new Request(url, { signal })))
  const waiting = `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  const count = async () => (await served.db.pool.query(waiting)).rows[0].n
  while ((await count()) === 0);
  expect(await count()).toBe(1)
  asker.abort()
  for (const scan of scans) expect(await (await scan).json()).toMatchObject({ code: 'STOPPED' })
  expect(await count()).toBe(0)
  await holder.query('ROLLBACK')
  holder.release()
})

test('duplicate groups are read page by page, with keeper and losers side by side', async () => {
  const first = await served.ask('GET /guards/visits/duplicates?limit=6')
  expect(first).toMatchObject({
    table: 'public.visits',
    primaryKey: ['id'],
    groups: Array.from({ length: 6 }, (_, v) => ({
      key: { v },
      rows: 3,
      keeper: { id: String(3 * v), status: 'OPEN' },
      losers: [{ id: String(3 * v + 1) }, { id: String(3 * v + 2) }],
    })),
  })
  expect(first.groups[0].differs).toEqual(['id', 'created_at'])
  const rest = await served.ask(`GET /guards/visits/duplicates?limit=6&cursor=${first.next}`)
  expect(rest.groups.map(({ key }: { key: { v: number } }) => key.v)).toEqual([6, 7, 8, 9])
  expect(rest.next).toBeNull()
})

test.each([
  ['/guards/visits/duplicates?limit=0', 400, 'INPUT_INVALID'],
  ['/guards/visits/duplicates?cursor=odd', 400, 'USAGE'],
  ['/guards/visits/scan?growth=perhaps', 400, 'INPUT_INVALID'],
  ['/guards/lost/scan', 409, 'TABLE_NOT_FOUND'],
  ['/guards/lost/duplicates', 409, 'TABLE_NOT_FOUND'],
])('%s is answered with %d %s', async (path, status, code) => {
  expect(await served.ask(`GET ${path}`, { status })).toMatchObject({ code })
})
