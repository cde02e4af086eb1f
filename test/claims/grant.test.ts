import { date, generator, guard, int, type Onceover } from 'onceover'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  openWorkshop,
  said,
  signalled,
  unit,
  units,
  visiting,
  type Workshop,
} from '../runs/workshop.ts'

let shop: Workshop
let once: Onceover
beforeAll(async () => {
  shop = await openWorkshop()
  once = shop.once
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

const insert = (visitor: number, note = 'by hand') =>
  shop.rows(`INSERT INTO visits (visitor, day, note) VALUES ($1, '2025-01-01', $2)`, [
    visitor,
    note,
  ])

const failing = (attempts = 9, backoff = '1h') =>
  visiting({ attempts, backoff, make: () => Promise.reject(new Error('not today')) })

const state = async () => (await once.claims()).map(({ state: each }) => each)

const key = { visitor: int(), day: date() }
const kept = (name: string, more: object) => guard(name, { table: 'visits', key, ...more })

describe('a unit is claimed', () => {
  test('where nothing is known of its key', async () => {
    const { verdict, attempt, result, existing } = await once.runOne(visiting(), unit(1))
    expect({ verdict, attempt, result, existing }).toEqual({
      verdict: 'created',
      attempt: 1,
      result: { attempt: 1 },
      existing: undefined,
    })
    expect(await once.claims()).toMatchObject([
      { state: 'done', fence: '1', origin: 'new', result: { attempt: 1 }, worker: null },
    ])
  })

  test('again where its row is gone', async () => {
    await once.runOne(visiting(), unit(1))
    await shop.rows('DELETE FROM visits')
    expect(await once.runOne(visiting(), unit(1))).toMatchObject({ verdict: 'created', attempt: 1 })
    expect(await once.claims()).toMatchObject([{ state: 'done', fence: '2', origin: 'reopened' }])
  })

  test('again where it failed and its backoff is over', async () => {
    await once.runOne(failing(9, '0ms'), unit(1))
    expect(await once.runOne(visiting(), unit(1))).toMatchObject({ verdict: 'created', attempt: 2 })
    expect(await once.claims()).toMatchObject([{ fence: '2', origin: 'retried', error: null }])
  })

  test('from a worker that died, which an event says', async () => {
    const dying = await shop.other({ worker: 'dying' })
    const begun = signalled()
    const work = visiting({
      make: () => {
        begun.resolve()
        return new Promise<undefined>(() => undefined)
      },
    })
    void dying.runOne(work, unit(1))
    await begun.promise
    await shop.rows(`UPDATE onceover.lease SET expires_at = now() WHERE worker = 'dying'`)
    const { run, verdict, attempt } = await once.runOne(visiting(), unit(1))
    expect([verdict, attempt]).toEqual(['created', 2])
    expect(await once.claims()).toMatchObject([{ fence: '2', origin: 'taken_over' }])
    const events = await once.events({ run })
    expect(said(events as never)).toContain('taken_over: from dying')
    expect(await shop.rows(`SELECT dead FROM onceover.lease WHERE worker = 'dying'`)).toEqual([
      { dead: true },
    ])
  })

  test('with the row that says that it is unfinished', async () => {
    const guarded = kept('unfinished', { unfinished: "note = 'begun'", show: ['note'] })
    await insert(1, 'begun')
    await insert(2, 'finished')
    const seen: unknown[] = []
    const work = generator(guarded, {
      make: (_, { existing }) => seen.push(existing) && undefined,
      save: (tx, { unit: { key: of } }) =>
        tx.query(`UPDATE visits SET note = 'finished' WHERE visitor = $1`, [of.visitor]),
    })
    const { verdicts } = await once.run(work, units(1, 2), { onDuplicate: 'skip' })
    expect(said(verdicts)).toEqual(['created', 'skipped: exists'])
    expect(seen).toMatchObject([{ note: 'begun' }])
    await shop.rows(`UPDATE visits SET note = 'begun' WHERE visitor = 1`)
    const adopted = await once.runOne(work, unit(1), { onDuplicate: 'replace' })
    expect(adopted.verdict).toBe('created')
  })
})

describe('a unit is skipped', () => {
  test('where a row stands for its key, with the row and no claim', async () => {
    await insert(1)
    expect(await once.runOne(visiting(), unit(1))).toMatchObject({
      verdict: 'skipped',
      reason: 'exists',
      existing: { id: expect.any(String), note: 'by hand' },
    })
    expect(await state()).toEqual([])
  })

  test('where it is done, with the result that was kept', async () => {
    await once.runOne(visiting(), unit(1))
    expect(await once.runOne(visiting(), unit(1))).toMatchObject({
      verdict: 'skipped',
      reason: 'exists',
      result: { attempt: 1 },
      existing: { note: 'attempt 1' },
    })
  })

  test.each(['failed', 'exhausted', 'claimed', 'cancelled'])(
    'where somebody wrote its row while its claim was %s: the claim is settled',
    async (was) => {
      await once.runOne(failing(), unit(1))
      await shop.rows(
        `UPDATE onceover.claim SET state = $1,
           lease_id = CASE $1 WHEN 'claimed' THEN gen_random_uuid() END`,
        [was],
      )
      await shop.rows(`INSERT INTO onceover.lease (id, worker, expires_at, dead)
        SELECT lease_id, 'gone', now(), true FROM onceover.claim WHERE lease_id IS NOT NULL`)
      await insert(1)
      expect(said([await once.runOne(visiting(), unit(1))])).toEqual(['skipped: exists'])
      expect(await state()).toEqual(['done'])
      expect(await shop.rows('SELECT unit, lease_id FROM onceover.claim')).toEqual([
        { unit: null, lease_id: null },
      ])
    },
  )

  test('for ever where the guard remembers for ever, whatever became of the row', async () => {
    const work = generator(kept('money', { remember: 'forever' }), {
      save: () => ({ paid: true }),
    })
    expect((await once.runOne(work, unit(1))).verdict).toBe('created')
    expect(await once.runOne(work, unit(1))).toMatchObject({
      verdict: 'skipped',
      result: { paid: true },
    })
  })
})

describe('replace', () => {
  const replaced = (fingerprint: string | null | undefined) =>
    visiting(
      fingerprint === undefined ? {} : { fingerprint: async (all) => all.map(() => fingerprint) },
    )
  const replace = { onDuplicate: 'replace' } as const

  test('skips what is made from the same data, and makes anew what is not', async () => {
    expect((await once.runOne(replaced('a'), unit(1), replace)).verdict).toBe('created')
    expect(said([await once.runOne(replaced('a'), unit(1), replace)])).toEqual([
      'skipped: unchanged',
    ])
    const [before] = await shop.rows('SELECT id FROM visits')
    expect(await once.runOne(replaced('b'), unit(1), replace)).toMatchObject({
      verdict: 'replaced',
      existing: before,
      attempt: 1,
    })
    expect(await shop.rows('SELECT id FROM visits')).toEqual([before])
  })

  test.each([null, undefined])('makes anew where the fingerprint is %s', async (print) => {
    await once.runOne(replaced(print), unit(1), replace)
    expect((await once.runOne(replaced(print), unit(1), replace)).verdict).toBe('replaced')
  })

  test('makes anew a row that somebody else wrote, and one that was removed', async () => {
    await insert(1)
    expect((await once.runOne(replaced('a'), unit(1), replace)).verdict).toBe('replaced')
    await shop.rows('DELETE FROM visits')
    expect((await once.runOne(replaced('a'), unit(1), replace)).verdict).toBe('created')
  })

  test.each([[['only one']], [undefined], [[1, 2]]])(
    'refuses %j for the fingerprints of two units, before anything is claimed',
    async (prints) => {
      const work = visiting({ fingerprint: async () => prints as never })
      await expect(once.run(work, units(1, 2))).rejects.toMatchObject({ code: 'GENERATOR_INVALID' })
      expect(await state()).toEqual([])
    },
  )
})

describe('a unit that failed', () => {
  test('waits for its backoff, with the milliseconds that remain', async () => {
    const { retryMs } = await once.runOne(failing(), unit(1))
    expect(retryMs).toBeGreaterThan(3_500_000)
    expect(await once.runOne(visiting(), unit(1))).toMatchObject({
      verdict: 'failed',
      reason: 'not today',
      attempt: 1,
      retryMs: expect.any(Number),
    })
  })

  test('has a backoff that doubles with each attempt', async () => {
    const waits: number[] = []
    for (let attempt = 1; attempt <= 4; attempt++) {
      const { retryMs = 0 } = await once.runOne(failing(9, '100s'), unit(1))
      waits.push(Math.round(retryMs / 100_000))
      await shop.rows('UPDATE onceover.claim SET retry_at = now()')
    }
    expect(waits).toEqual([1, 2, 4, 8])
  })

  test('is exhausted after its last attempt, until it is retried', async () => {
    const work = failing(2, '0ms')
    await once.runOne(work, unit(1))
    const last = await once.runOne(work, unit(1))
    expect(last).toMatchObject({ verdict: 'failed', attempt: 2 })
    expect(last.retryMs).toBeUndefined()
    expect(await once.runOne(visiting(), unit(1))).toMatchObject({
      verdict: 'failed',
      code: 'ATTEMPTS_EXHAUSTED',
      reason: 'not today',
    })
    expect((await once.retry(visiting())).totals).toMatchObject({ created: 1, rows: 1 })
  })

  test('is exhausted too where its worker dies in the last attempt', async () => {
    const dying = await shop.other({ worker: 'last' })
    const begun = signalled()
    const make = () => {
      begun.resolve()
      return new Promise<undefined>(() => undefined)
    }
    void dying.runOne(visiting({ attempts: 1, make }), unit(1))
    await begun.promise
    await shop.rows(`UPDATE onceover.lease SET dead = true WHERE worker = 'last'`)
    expect(await once.runOne(visiting({ attempts: 1 }), unit(1))).toMatchObject({
      verdict: 'failed',
      code: 'ATTEMPTS_EXHAUSTED',
      reason: expect.stringContaining('died in attempt 1'),
    })
  })
})

test('a unit that another holds is in flight, with what remains of the lease', async () => {
  const end = signalled<undefined>()
  const begun = signalled()
  const make = () => {
    begun.resolve()
    return end.promise
  }
  const running = once.runOne(visiting({ make }), unit(1))
  await begun.promise
  const other = await shop.other()
  const { verdict, heldMs } = await other.runOne(visiting(), unit(1))
  expect(verdict).toBe('in_flight')
  expect(heldMs).toBeGreaterThan(0)
  expect(heldMs).toBeLessThanOrEqual(30_000)
  end.resolve(undefined)
  expect((await running).verdict).toBe('created')
})

test.each([
  ['none', undefined],
  ['a text', 'x'],
  ['null', null],
  ['no key', { input: 1 }],
  ['something besides', { ...unit(1), extra: 1 }],
  ['a part missing', { key: { visitor: 1 } }],
  ['a part of another type', { key: { visitor: 1.5, day: '2025-01-01' } }],
  ['a day that is none', { key: { visitor: 1, day: '2025-02-30' } }],
  ['a column that is none', { key: { visitor: 1, day: '2025-01-01', colour: 'red' } }],
  ['an input that JSON would change', { ...unit(1), input: { at: new Date(0) } }],
  ['an input with a bigint', { ...unit(1), input: [1n] }],
  ['an input with NaN', { ...unit(1), input: Number.NaN }],
  ['an input of a megabyte', { ...unit(1), input: 'x'.repeat(1_000_001) }],
])('a unit that is %s is invalid, and the others are made', async (_, wrong) => {
  const { verdicts } = await once.run(visiting(), [wrong as never, unit(2)])
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['invalid', 'created'])
  expect(verdicts[0]?.reason).toBeTruthy()
  expect(await state()).toEqual(['done'])
})

test('units of one key collide with the first, in one chunk and across them', async () => {
  const source = [...units(1, 3), unit(2), ...units(4, 40), unit(1), unit(40)]
  const { verdicts, totals } = await once.run(visiting(), source, { chunkUnits: 5 })
  expect(totals).toMatchObject({ created: 40, collided: 3 })
  const collided = verdicts.filter(({ verdict }) => verdict === 'collided')
  expect(collided.map(({ index, firstIndex }) => [index, firstIndex])).toEqual([
    [3, 1],
    [41, 0],
    [42, 40],
  ])
})

test('twelve workers share a list, and every unit is made by one of them', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => shop.other()))
  const ended = await Promise.all(
    all.map((each) => each.run(visiting(), units(1, 120), { chunkUnits: 11, concurrency: 3 })),
  )
  const created = ended.reduce((sum, { totals }) => sum + totals.created, 0)
  expect(created).toBe(120)
  expect(await shop.rows('SELECT FROM visits')).toHaveLength(120)
  await Promise.all(all.map((each) => each.close()))
})
