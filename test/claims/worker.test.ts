import { onceover, silentLogger } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Worker } from '../../src/claims/worker.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import { openWorkshop, unit, visiting, type Workshop } from '../runs/workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())

const leases = () =>
  shop.rows<{ worker: string; dead: boolean }>(
    'SELECT worker, dead FROM onceover.lease ORDER BY started_at',
  )

test('whoever asks for the lease at the same moment gets the same one', async () => {
  const database = openDatabase(shop.pool)
  const worker = new Worker(database, { worker: 'twice' }, silentLogger)
  const [first, second] = await Promise.all([worker.lease(), worker.lease()])
  expect(second).toBe(first)
  first.lose('a test takes it away')
  const [third, fourth] = await Promise.all([worker.lease(), worker.lease()])
  expect(third).not.toBe(first)
  expect(fourth).toBe(third)
  await worker.close()
  await expect(worker.lease()).rejects.toMatchObject({ code: 'CLOSED' })
  expect((await leases()).filter((each) => each.worker === 'twice')).toHaveLength(2)
})

test('runs that begin at once share one lease, and closing ends it', async () => {
  const once = await shop.other({ worker: 'shared' })
  await Promise.all([1, 2, 3, 4].map((visitor) => once.runOne(visiting(), unit(visitor))))
  const own = async () => (await leases()).filter(({ worker }) => worker === 'shared')
  expect(await own()).toEqual([{ worker: 'shared', dead: false }])
  await once.close()
  expect(await own()).toEqual([{ worker: 'shared', dead: true }])
})

test('what only reads takes no lease', async () => {
  const once = await shop.other({ worker: 'reader' })
  await once.preview(visiting(), [unit(1)])
  await once.runs()
  await once.close()
  expect((await leases()).filter(({ worker }) => worker === 'reader')).toEqual([])
})

test.each([
  [{ lease: '500ms' }, 'LEASE_TOO_SHORT'],
  [{ lease: '6s', heartbeat: '3s' }, 'LEASE_TOO_SHORT'],
  [{ lease: 'soon' }, 'DURATION_INVALID'],
  [{ heartbeat: '0s' }, 'DURATION_INVALID'],
  [{ worker: ' ' }, 'INPUT_INVALID'],
])('%j is refused before anything begins', async (options, code) => {
  await expect(onceover({ db: shop.pool, ...options })).rejects.toMatchObject({ code })
})
