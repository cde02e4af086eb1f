import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorkshop, said, signalled, unit, units, visiting, type Workshop } from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

const INSERT = `INSERT INTO visits (visitor, day) VALUES ($1, '2025-01-01')`

/** How many keys the events of a run name, by verdict. */
async function recorded(run: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { verdict, keys } of await shop.once.events({ run, limit: 1000 })) {
    counts[verdict] = (counts[verdict] ?? 0) + keys.length
  }
  return counts
}

const only = (totals: object) =>
  Object.fromEntries(Object.entries(totals).filter(([name, count]) => name !== 'rows' && count > 0))

test('the totals of a run are those of its verdicts, of its events and of the ledger', async () => {
  await shop.rows(INSERT, [1])
  const work = visiting({
    make: ({ key }) => {
      if (Number(key.visitor) % 5 === 0) throw new Error('five')
    },
  })
  const source = [...units(1, 30), unit(2), { key: { visitor: 'x' as never, day: 'never' } }]
  const { run, totals, verdicts } = await shop.once.run(work, source)
  expect(only(totals)).toEqual({ created: 23, skipped: 1, collided: 1, failed: 6, invalid: 1 })
  expect(verdicts).toHaveLength(32)
  expect(verdicts.map(({ index }) => index)).toEqual(source.map((_, place) => place))
  expect(await recorded(run)).toEqual(only(totals))
  expect((await shop.once.status(run)).totals).toEqual(totals)
})

test('so they are where a run is stopped and gives back what waits', async () => {
  const stop = new AbortController()
  const work = visiting({
    make: ({ key }) => {
      // By then the window has grown: more is claimed than runs.
      if (Number(key.visitor) === 5) stop.abort()
    },
  })
  const options = { concurrency: 1, signal: stop.signal }
  const { run, totals } = await shop.once.run(work, units(1, 40), options)
  expect(totals.cancelled).toBeGreaterThan(0)
  expect(await recorded(run)).toEqual(only(totals))
  expect((await shop.once.status(run)).totals).toEqual(totals)
})

test('so they are where a run is cancelled, also after its worker died', async () => {
  const weak = await shop.other({ worker: 'weak', lease: '1s', heartbeat: '100ms' })
  const begun = signalled<string>()
  const work = visiting({
    make: ({ key }, { run }) => {
      if (Number(key.visitor) === 1) return undefined
      begun.resolve(run)
      return new Promise<undefined>(() => undefined)
    },
  })
  const running = weak.run(work, units(1, 4), { concurrency: 1 })
  const run = await begun.promise
  expect((await shop.once.status(run)).inFlight).toBeGreaterThan(0)
  expect((await shop.once.status(run)).totals).toMatchObject({ created: 1, rows: 1 })
  const { cancelled, claims } = await shop.once.cancel(run, { reason: 'enough', actor: 'ann' })
  expect(cancelled).toBe(true)
  const told = await shop.once.status(run)
  expect(told).toMatchObject({ state: 'cancelled', cancelReason: 'enough', cancelledBy: 'ann' })
  expect(only(told.totals)).toEqual({ created: 1, cancelled: claims })
  const { state, totals } = await running
  expect(state).toBe('cancelled')
  expect(only(totals)).toEqual(only((await shop.once.status(run)).totals))
  expect(await shop.once.cancel(run)).toEqual({ cancelled: false, claims: 0 })
})

describe('cancel', () => {
  test('frees the keys, of failed units too, and keeps what is done', async () => {
    const work = visiting({
      backoff: '1h',
      make: ({ key }) => {
        if (Number(key.visitor) === 2) throw new Error('two')
      },
    })
    const { run, state } = await shop.once.run(work, units(1, 3))
    expect(state).toBe('done')
    expect(await shop.once.cancel(run)).toEqual({ cancelled: false, claims: 0 })
    const stopped = new AbortController()
    stopped.abort()
    const again = await shop.once.run(work, [unit(4)], { signal: stopped.signal })
    expect(await shop.once.cancel(again.run)).toEqual({ cancelled: true, claims: 0 })
  })

  test.each([['x'], [crypto.randomUUID()]])('of an unknown run %s says so', async (id) => {
    await expect(shop.once.cancel(id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
    await expect(shop.once.status(id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  })

  test('of one run leaves another that has its keys since, in the same process', async () => {
    const told = await shop.other({ lease: '2s', heartbeat: '600ms' })
    const first = signalled<string>()
    const second = signalled()
    const end = signalled<undefined>()
    const work = visiting({
      make: ({ key }, { run, fence }) => {
        if (Number(key.visitor) < 5) return undefined
        if (fence > 1n) second.resolve()
        else first.resolve(run)
        return end.promise
      },
    })
    const running = told.run(work, units(1, 8), { concurrency: 1 })
    const run = await first.promise
    expect((await shop.once.claims({ run, state: 'claimed' })).length).toBeGreaterThan(1)
    await shop.once.cancel(run)
    const again = told.run(work, units(1, 8), { concurrency: 8 })
    await second.promise
    expect((await running).state).toBe('cancelled')
    end.resolve(undefined)
    expect((await again).totals).toMatchObject({ created: 4, skipped: 4, rows: 8 })
  })
})

describe('reject', () => {
  test('makes nothing where a unit is not free, and lists all of these', async () => {
    await shop.rows(INSERT, [2])
    const source = [...units(1, 4), unit(1), { key: { visitor: 7 } as never }]
    const error = await shop.once
      .run(visiting(), source, { onDuplicate: 'reject' })
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'ROWS_REJECTED', details: { totals: { rows: 3 } } })
    expect(said(error.details.verdicts)).toEqual([
      'skipped: exists',
      'collided',
      expect.stringContaining('invalid: day'),
    ])
    expect(await shop.rows('SELECT FROM visits')).toHaveLength(1)
    expect(await shop.once.claims()).toEqual([])
    expect((await shop.once.retry(visiting())).totals.rows).toBe(0)
    const last = (await shop.once.runs({ limit: 2 })).find(({ policy }) => policy === 'reject')
    expect(last).toMatchObject({ policy: 'reject', state: 'stopped' })
    expect(only(last?.totals ?? {})).toEqual({ skipped: 1, collided: 1, invalid: 1 })
  })

  test('makes all of them where all are free', async () => {
    const { totals, verdicts } = await shop.once.run(visiting(), units(1, 40), {
      onDuplicate: 'reject',
    })
    expect(totals).toMatchObject({ created: 40, rows: 40 })
    expect(verdicts.every(({ attempt }) => attempt === 1)).toBe(true)
  })

  test('needs an array, as wait does', async () => {
    const refused = { code: 'INPUT_INVALID' }
    const iterable = new Set([unit(1)])
    await expect(
      shop.once.run(visiting(), iterable, { onDuplicate: 'reject' }),
    ).rejects.toMatchObject(refused)
    await expect(shop.once.run(visiting(), iterable, { wait: '1s' })).rejects.toMatchObject(refused)
  })

  test('one unit that exists is an error with the row', async () => {
    await shop.rows(INSERT, [2])
    await expect(
      shop.once.runOne(visiting(), unit(2), { onDuplicate: 'reject' }),
    ).rejects.toMatchObject({
      code: 'ROWS_REJECTED',
      details: { verdicts: [{ existing: { id: expect.any(String) } }] },
    })
  })
})

describe('a preview', () => {
  test('of more units than its limit is refused, and of a list without an end ends', async () => {
    function* endless() {
      for (let visitor = 1; ; visitor++) yield unit(visitor)
    }
    await expect(shop.once.preview(visiting(), endless(), { limit: 5 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { limit: 5 },
    })
    const { totals } = await shop.once.preview(visiting(), units(1, 5), { limit: 5 })
    expect(totals.rows).toBe(5)
  })

  test('says what a run then does, and writes nothing', async () => {
    await shop.rows(INSERT, [3])
    const failing = visiting({
      attempts: 1,
      make: ({ key }) => {
        if (Number(key.visitor) === 5) throw new Error('five')
      },
    })
    await shop.once.run(failing, units(4, 5))
    const source = [
      ...units(1, 6),
      unit(1),
      { key: { visitor: 9 } as never },
      { nothing: 1 } as never,
      ...units(7, 1200),
      unit(8),
    ]
    const work = visiting({
      saveAll: (tx, items) =>
        tx.query(
          `INSERT INTO visits (visitor, day) SELECT unnest($1::int[]), date '2025-01-01'
           ON CONFLICT (visitor, day) DO UPDATE SET note = 'again'`,
          [items.map(({ unit: { key } }) => key.visitor)],
        ),
    })
    for (const onDuplicate of ['skip', 'replace'] as const) {
      const ledger = () => shop.rows('SELECT * FROM onceover.claim ORDER BY key_hash')
      const before = [await ledger(), await shop.once.runs()]
      const preview = await shop.once.preview(work, source, { onDuplicate })
      expect([await ledger(), await shop.once.runs()]).toEqual(before)
      const run = await shop.once.run(work, source, { onDuplicate })
      expect(said(preview.verdicts)).toEqual(said(run.verdicts))
      expect(preview.totals).toEqual(run.totals)
      const firsts = (verdicts: typeof run.verdicts) =>
        verdicts.map(({ firstIndex }) => firstIndex).filter((each) => each !== undefined)
      expect(firsts(preview.verdicts)).toEqual(firsts(run.verdicts))
    }
  })
})

test('units that are done are run again for the price of an event', async () => {
  await shop.once.run(visiting({ saveAll: () => undefined }), units(1, 2000))
  await shop.rows(`INSERT INTO visits (visitor, day)
    SELECT g, date '2025-01-01' FROM generate_series(1, 2000) AS g`)
  const written = async () => {
    await shop.rows('SELECT pg_stat_force_next_flush()')
    const [row] = await shop.rows<{ writes: string; events: string }>(`
      SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FILTER (WHERE relname <> 'event') AS writes,
        (SELECT count(*) FROM onceover.event) AS events
      FROM pg_stat_all_tables WHERE schemaname = 'onceover' AND relname IN
        ('claim', 'step', 'guard')`)
    return row
  }
  const before = await written()
  const { totals, run } = await shop.once.run(visiting(), units(1, 2000))
  expect(totals).toMatchObject({ skipped: 2000, rows: 2000 })
  const after = await written()
  expect(after?.writes).toBe(before?.writes)
  const events = await shop.once.events({ run, limit: 1000 })
  expect(events.every(({ verdict }) => verdict === 'skipped')).toBe(true)
  expect(Number(after?.events) - Number(before?.events)).toBe(events.length)
  expect(events.length).toBeLessThan(15)
})

test('so they are where units are lost to another worker', async () => {
  const weak = await shop.other({ worker: 'loser', lease: '1s', heartbeat: '50ms' })
  const work = visiting({
    make: async ({ key }, { attempt, signal }) => {
      if (attempt > 1 || Number(key.visitor) > 2) return
      const taken = Number(key.visitor) === 1
      await shop.rows(
        `UPDATE onceover.claim SET fence = fence + 1, state = $2,
           lease_id = CASE $2 WHEN 'claimed' THEN gen_random_uuid() END WHERE key @> $1`,
        [`["${key.visitor}"]`, taken ? 'claimed' : 'done'],
      )
      expect(signal.aborted).toBe(false)
    },
  })
  const { run, totals } = await weak.run(work, units(1, 3))
  expect(only(totals)).toEqual({ created: 1, in_flight: 1, skipped: 1 })
  expect(await recorded(run)).toEqual(only(totals))
  const begun = signalled()
  const lost = visiting({
    make: () => {
      begun.resolve()
      return new Promise<undefined>(() => undefined)
    },
  })
  const losing = weak.run(lost, [unit(9)])
  await begun.promise
  await shop.rows(`UPDATE onceover.lease SET dead = true WHERE worker = 'loser'`)
  const ended = await losing
  expect(only(ended.totals)).toEqual({ failed: 1 })
  expect(await recorded(ended.run)).toEqual({ failed: 1 })
})
