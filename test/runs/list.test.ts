import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorkshop, signalled, unit, units, visiting, type Workshop } from './workshop.ts'

let shop: Workshop
let done: string
let crashed: string
let cancelled: string
let stopped: string
beforeAll(async () => {
  shop = await openWorkshop({ worker: 'desk' })
  const { once } = shop
  done = (await once.run(visiting(), units(1, 3), { reason: 'nightly', actor: 'cron' })).run
  const begun = signalled<string>()
  const hold = (tell: (run: string) => void) =>
    visiting({
      make: (_, { run }) => {
        tell(run)
        return new Promise<undefined>(() => undefined)
      },
    })
  const dying = await shop.other({ worker: 'dying', lease: '1h', heartbeat: '19m' })
  void dying.run(hold(begun.resolve), [unit(4)])
  crashed = await begun.promise
  await shop.rows(`UPDATE onceover.lease SET expires_at = now() WHERE worker = 'dying'`)
  const other = signalled<string>()
  const running = once.run(hold(other.resolve), [unit(5)])
  cancelled = await other.promise
  await once.cancel(cancelled, { reason: 'wrong day', actor: 'ann' })
  await running
  const signal = AbortSignal.abort()
  stopped = (await once.run(visiting(), [unit(6)], { signal, onDuplicate: 'replace' })).run
  await once.insert(visiting().guard, [{ visitor: 7, day: '2025-01-01' }], { reason: 'rows' })
})
// The dying worker still waits for its unit: only its connections are dropped.
afterAll(async () => {
  await shop
    .rows(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`)
    .catch(() => undefined)
  await shop.once.close()
  await shop.database.drop()
})

describe('runs', () => {
  test('are listed newest first, of rows and of work, each with its state', async () => {
    const runs = await shop.once.runs()
    expect(runs.map(({ state, reason }) => [state, reason])).toEqual([
      ['done', 'rows'],
      ['stopped', null],
      ['cancelled', null],
      ['crashed', null],
      ['done', 'nightly'],
    ])
    expect(runs[4]).toEqual({
      id: done,
      guard: 'visits',
      policy: 'skip',
      state: 'done',
      reason: 'nightly',
      actor: 'cron',
      cancelReason: null,
      cancelledBy: null,
      range: null,
      worker: 'desk',
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      finishedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      totals: expect.objectContaining({ rows: 3, created: 3, skipped: 0 }),
      cursor: expect.any(String),
    })
    expect(runs[2]).toMatchObject({ cancelReason: 'wrong day', cancelledBy: 'ann' })
    expect(runs[3]).toMatchObject({ id: crashed, worker: 'dying', finishedAt: null })
    expect(runs[0]).toMatchObject({ worker: null })
  })

  test.each([
    [{ state: 'crashed' }, 1],
    [{ state: 'running' }, 0],
    [{ state: 'done' }, 2],
    [{ guard: 'visits' }, 5],
    [{ guard: 'others' }, 0],
    [{ since: '1d' }, 5],
    [{ since: '2999-01-01' }, 0],
    [{ limit: 2 }, 2],
    [{ limit: 0 }, 0],
  ] as const)('%j', async (filter, count) => {
    expect(await shop.once.runs(filter)).toHaveLength(count)
  })

  test.each([[{ state: 'lost' }], [{ since: 'soon' }], [{ limit: -1 }]])(
    '%j is refused',
    async (filter) => {
      await expect(shop.once.runs(filter as never)).rejects.toMatchObject({ code: 'USAGE' })
    },
  )
})

describe('status', () => {
  test('says what a run holds', async () => {
    expect(await shop.once.status(crashed)).toMatchObject({
      id: crashed,
      state: 'crashed',
      inFlight: 1,
      steps: { calls: 0, reused: 0, asked: 0, needsReconcile: 0 },
    })
    expect(await shop.once.status(stopped)).toMatchObject({ inFlight: 0, policy: 'replace' })
  })

  test.each([['x'], [crypto.randomUUID()], [undefined]])('of %s is RUN_NOT_FOUND', async (id) => {
    await expect(shop.once.status(id as string)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  })
})

describe('claims', () => {
  test('are listed the latest first, each with its holder', async () => {
    const claims = await shop.once.claims()
    expect(claims.map(({ key, state }) => [Number(key.visitor), state]).slice(0, 2)).toEqual([
      [5, 'cancelled'],
      [4, 'claimed'],
    ])
    expect(claims[1]).toMatchObject({
      guard: 'visits',
      run: crashed,
      worker: 'dying',
      leaseUntil: expect.stringMatching(/Z$/),
      attempt: 1,
      fence: '1',
      origin: 'new',
    })
  })

  test.each([
    [{ state: 'done' }, 3],
    [{ state: 'claimed' }, 1],
    [{ guard: 'others' }, 0],
    [{ limit: 1 }, 1],
  ] as const)('%j', async (filter, count) => {
    expect(await shop.once.claims(filter)).toHaveLength(count)
  })

  test('of one run', async () => {
    expect(await shop.once.claims({ run: done })).toHaveLength(3)
    await expect(shop.once.claims({ run: 'x' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
    await expect(shop.once.claims({ state: 'lost' as never })).rejects.toMatchObject({
      code: 'USAGE',
    })
  })
})
