import { silentLogger } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Worker } from '../../src/claims/worker.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import {
  openWorkshop,
  signalled,
  unit,
  units,
  until,
  visiting,
  type Workshop,
} from '../runs/workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

/** How often each lease was written, by the transaction of its row. */
const leaseOf = async (worker: string) => {
  const [lease] = await shop.rows<{ xmin: string; dead: boolean; expires: Date }>(
    'SELECT xmin::text, dead, expires_at AS expires FROM onceover.lease WHERE worker = $1',
    [worker],
  )
  return lease
}

/** Work that holds its units until it is let go. */
function holding(count: number) {
  const all = signalled()
  const end = signalled<undefined>()
  let begun = 0
  const work = visiting({
    make: () => {
      begun++
      if (begun === count) all.resolve()
      return end.promise
    },
  })
  return { work, begun: all.promise, end: () => end.resolve(undefined) }
}

test('a beat renews one row and touches no claim, however many are held', async () => {
  const once = await shop.other({ worker: 'beating', lease: '1s', heartbeat: '50ms' })
  const { work, begun, end } = holding(60)
  const running = once.run(work, units(1, 60), { concurrency: 60 })
  await begun
  const claims = () => shop.rows('SELECT key, xmin::text FROM onceover.claim ORDER BY key_hash')
  const before = await claims()
  expect(before).toHaveLength(60)
  const seen = new Set<string>()
  await until(async () => seen.add((await leaseOf('beating'))?.xmin ?? '').size >= 4)
  expect(await claims()).toEqual(before)
  end()
  expect((await running).totals).toMatchObject({ created: 60 })
})

test('a pool whose clients are all busy keeps its lease: the beats have a connection', async () => {
  const pool = new pg.Pool({ connectionString: shop.database.url, max: 1 })
  const once = await shop.other({ db: pool, worker: 'busy', lease: '1s', heartbeat: '50ms' })
  await once.runOne(visiting(), unit(1))
  const client = await pool.connect()
  const first = (await leaseOf('busy'))?.expires.getTime() ?? 0
  await until(async () => ((await leaseOf('busy'))?.expires.getTime() ?? 0) > first + 1_500)
  client.release()
  expect((await once.runOne(visiting(), unit(2))).verdict).toBe('created')
  expect((await leaseOf('busy'))?.dead).toBe(false)
  await once.close()
  await pool.end()
})

test('a beat whose connection is cut finds another, and the lease goes on', async () => {
  const once = await shop.other({ worker: 'cut', lease: '3s', heartbeat: '50ms' })
  const { work, begun, end } = holding(1)
  const running = once.runOne(work, unit(1))
  await begun
  const backends = () =>
    shop.rows<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
         AND query LIKE '%UPDATE onceover.lease SET expires_at%' AND pid <> pg_backend_pid()`,
    )
  await until(async () => (await backends()).length > 0)
  const [{ pid } = { pid: 0 }] = await backends()
  await shop.rows('SELECT pg_terminate_backend($1)', [pid])
  await until(async () => (await backends()).some((each) => each.pid !== pid))
  end()
  expect((await running).verdict).toBe('created')
})

test('closing gives what is held free at once', async () => {
  const database = openDatabase(shop.pool)
  const worker = new Worker(database, { worker: 'closing' }, silentLogger)
  await worker.lease()
  expect((await leaseOf('closing'))?.dead).toBe(false)
  await worker.close()
  await worker.close()
  expect((await leaseOf('closing'))?.dead).toBe(true)
})

test('a lease that was lost before the run began is replaced by another', async () => {
  const once = await shop.other({ worker: 'twice' })
  await once.runOne(visiting(), unit(1))
  await shop.rows(`UPDATE onceover.lease SET dead = true WHERE worker = 'twice'`)
  expect((await once.run(visiting(), units(1, 3))).totals).toMatchObject({ created: 2, skipped: 1 })
  const leases = await shop.rows(`SELECT dead FROM onceover.lease WHERE worker = 'twice'`)
  expect(leases).toHaveLength(2)
  expect((await once.runs({ limit: 1 }))[0]).toMatchObject({ state: 'done', worker: 'twice' })
})

test('a lease that is lost in the middle of a run stops what it holds, not the run', async () => {
  const once = await shop.other({ worker: 'middle', lease: '1s', heartbeat: '50ms' })
  const lost = signalled()
  const work = visiting({
    make: async ({ key }, { signal, attempt }) => {
      if (Number(key.visitor) !== 3 || attempt > 1) return
      await shop.rows(`UPDATE onceover.lease SET dead = true WHERE worker = 'middle'`)
      signal.addEventListener('abort', () => lost.resolve())
      await lost.promise
    },
  })
  const { state, totals } = await once.run(work, units(1, 40), { concurrency: 1, chunkUnits: 2 })
  expect(state).toBe('done')
  expect(totals.rows).toBe(40)
  expect(totals.created).toBeGreaterThanOrEqual(36)
  expect((await shop.once.run(work, units(1, 40))).totals.created).toBe(40 - totals.created)
})
