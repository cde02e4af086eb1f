import type { Item } from 'onceover'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  openWorkshop,
  said,
  unit,
  units,
  visiting,
  type visits,
  type Workshop,
} from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

const INSERT = 'INSERT INTO visits (visitor, day, code) VALUES ($1, $2, $3)'

const rows = () => shop.rows('SELECT visitor, note, code FROM visits ORDER BY visitor')

describe('save', () => {
  test('writes in the transaction that completes the claim', async () => {
    const work = visiting({
      save: async (tx, { unit: { key } }) => {
        await tx.query(INSERT, [key.visitor, key.day, null])
        throw new Error('after the write')
      },
    })
    expect(said([await shop.once.runOne(work, unit(1))])).toEqual(['failed: after the write'])
    expect(await rows()).toEqual([])
  })

  test('keeps what it returns with the claim', async () => {
    const results = [{ a: [1, 'x', null] }, 'text', 0, false]
    const work = visiting({ save: (_, { unit: { key } }) => results[Number(key.visitor)] })
    const { verdicts } = await shop.once.run(work, units(0, 3))
    expect(verdicts.map(({ result }) => result)).toEqual(results)
    expect((await shop.once.claims()).map(({ result }) => result)).toEqual(
      expect.arrayContaining(results),
    )
  })

  test.each([
    ['too large', () => 'x'.repeat(70_000)],
    ['no JSON', () => ({ n: Number.NaN })],
    ['a function', () => () => 1],
    [
      'circular',
      () => {
        const self: { self?: unknown } = {}
        self.self = self
        return self
      },
    ],
  ])('that returns what is %s fails, and nothing is written', async (_, returned) => {
    const work = visiting({
      save: async (tx, { unit: { key } }) => {
        await tx.query(INSERT, [key.visitor, key.day, null])
        return returned()
      },
    })
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({
      verdict: 'failed',
      code: 'RESULT_INVALID',
    })
    expect(await rows()).toEqual([])
  })

  test('that ends its transaction is refused', async () => {
    const work = visiting({
      save: async (tx, { unit: { key } }) => {
        await tx.query(INSERT, [key.visitor, key.day, null])
        await tx.query('COMMIT')
      },
    })
    expect((await shop.once.runOne(work, unit(1))).code).toBe('SAVE_ENDED_TRANSACTION')
    expect(await rows()).toEqual([])
  })

  test('may use savepoints, and go on after an error behind one', async () => {
    const work = visiting({
      save: async (tx, { unit: { key } }) => {
        await tx.query('SAVEPOINT risky')
        await tx.query(INSERT, [key.visitor, key.day, 'bad']).catch(() => undefined)
        await tx.query('ROLLBACK TO SAVEPOINT risky')
        await tx.query(INSERT, [key.visitor, key.day, 'good'])
      },
    })
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(await rows()).toMatchObject([{ code: 'good' }])
  })

  test('that swallows the error of a statement has failed', async () => {
    const work = visiting({
      save: async (tx) => {
        await tx.query('SELECT 1 / 0').catch(() => undefined)
      },
    })
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({
      verdict: 'failed',
      code: 'TRANSACTION_ABORTED',
    })
  })

  test('that forgets to await is refused, and its statement undone', async () => {
    const work = visiting({
      save: async (tx, { unit: { key } }) => {
        void tx.query(INSERT, [key.visitor, key.day, null])
      },
    })
    expect((await shop.once.runOne(work, unit(1))).code).toBe('SAVE_NOT_AWAITED')
    expect(await rows()).toEqual([])
  })

  test('may insert through Onceover in its own transaction', async () => {
    const { guard } = visiting()
    const work = visiting({
      save: async (tx, { unit: { key } }) => {
        const row = { visitor: key.visitor, day: key.day, note: 'inside' }
        const { verdict } = await shop.once.insertOne(guard, row, { handle: tx })
        return verdict
      },
    })
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({
      verdict: 'created',
      result: 'created',
    })
    expect(await rows()).toMatchObject([{ note: 'inside' }])
  })

  test('that loses to a writer who knows nothing of claims is a skip, with the row', async () => {
    const work = visiting({
      make: ({ key }) => shop.rows(INSERT, [key.visitor, key.day, 'unaware']).then(() => undefined),
    })
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({
      verdict: 'skipped',
      reason: 'exists',
      existing: { id: expect.any(String) },
    })
    expect(await rows()).toMatchObject([{ code: 'unaware' }])
    expect(await shop.once.claims()).toMatchObject([{ state: 'done' }])
  })

  test.each([
    ['another unique one', 'taken', '23505', 'visits_code_key'],
    ['a check', 'bad', '23514', 'visits_code_check'],
  ])('that breaks %s has failed, with its name', async (_, code, sqlstate, constraint) => {
    await shop.rows(INSERT, [99, '2025-01-01', 'taken'])
    const work = visiting({
      save: (tx, { unit: { key } }) => tx.query(INSERT, [key.visitor, key.day, code]),
    })
    const { verdict, attempt, ...facts } = await shop.once.runOne(work, unit(1))
    expect({ verdict, attempt, ...facts }).toMatchObject({
      verdict: 'failed',
      attempt: 1,
      sqlstate,
      constraint,
    })
    expect(await shop.once.claims()).toMatchObject([{ state: 'failed', attempt: 1 }])
  })

  test('writes nothing for a unit that was taken over, or cancelled, meanwhile', async () => {
    const saved: number[] = []
    const work = visiting({
      make: async ({ key }) => {
        const cancelled = Number(key.visitor) === 1
        await shop.rows(
          `UPDATE onceover.claim SET fence = fence + 1,
             state = $2, lease_id = CASE $2 WHEN 'claimed' THEN gen_random_uuid() END
           WHERE key @> $1`,
          [`["${key.visitor}"]`, cancelled ? 'cancelled' : 'claimed'],
        )
      },
      save: (_, { unit: { key } }) => saved.push(Number(key.visitor)),
    })
    const { verdicts } = await shop.once.run(work, units(1, 2))
    expect(saved).toEqual([])
    expect(verdicts.map(({ verdict, code }) => [verdict, code])).toEqual([
      ['cancelled', 'CLAIM_LOST'],
      ['in_flight', 'CLAIM_LOST'],
    ])
  })

  test('is run again where its transaction was in the way of another', async () => {
    let tries = 0
    const work = visiting({
      save: async (tx, { unit: { key } }) => {
        tries++
        await tx.query(INSERT, [key.visitor, key.day, null])
        if (tries < 3) await tx.query(`DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$`)
      },
    })
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({ verdict: 'created', attempt: 1 })
    expect(tries).toBe(3)
    expect(await rows()).toHaveLength(1)
  })
})

describe('saveAll', () => {
  const INSERT_ALL = `INSERT INTO visits (visitor, day, code)
    SELECT visitor, '2025-01-01', CASE WHEN visitor = ANY($2) THEN 'bad' END
    FROM unnest($1::int[]) AS visitor`

  /** Work that saves a chunk at once, and the sizes of the chunks that it was given. */
  function saving(bad: readonly number[] = []) {
    const sizes: number[] = []
    const work = visiting({
      saveAll: async (tx, items: readonly Item<typeof visits, unknown, undefined>[]) => {
        sizes.push(items.length)
        await tx.query(INSERT_ALL, [items.map(({ unit: { key } }) => key.visitor), bad])
      },
    })
    return { work, sizes }
  }

  test('is given the units of a chunk together', async () => {
    const { work, sizes } = saving()
    const { totals } = await shop.once.run(work, units(1, 100), { chunkUnits: 50, concurrency: 50 })
    expect(totals).toMatchObject({ created: 100, rows: 100 })
    expect(sizes).toEqual([50, 50])
  })

  test.each([
    ['one', [33]],
    ['the first', [1]],
    ['several', [1, 2, 17, 63, 64]],
    ['all', Array.from({ length: 64 }, (_, place) => place + 1)],
  ])('is split around %s at fault, and the others are saved', async (_, bad) => {
    const { work, sizes } = saving(bad)
    const { totals, verdicts } = await shop.once.run(work, units(1, 64), {
      chunkUnits: 64,
      concurrency: 64,
    })
    expect(totals).toMatchObject({ created: 64 - bad.length, failed: bad.length, rows: 64 })
    for (const { verdict, key, constraint } of verdicts) {
      expect(verdict).toBe(bad.includes(Number(key.visitor)) ? 'failed' : 'created')
      if (verdict === 'failed') expect(constraint).toBe('visits_code_check')
    }
    expect(await rows()).toHaveLength(64 - bad.length)
    expect(sizes.length).toBeLessThan(2 * 64)
  })

  test('is one transaction for one unit, too', async () => {
    const { work, sizes } = saving()
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(sizes).toEqual([1])
  })

  test('leaves out what was lost meanwhile', async () => {
    const given: number[] = []
    const work = visiting({
      make: async ({ key }) => {
        if (Number(key.visitor) !== 2) return
        await shop.rows(
          `UPDATE onceover.claim SET state = 'cancelled', lease_id = NULL WHERE key @> '["2"]'`,
        )
      },
      saveAll: (_, items) => {
        given.push(...items.map(({ unit: { key } }) => Number(key.visitor)))
      },
    })
    const { verdicts } = await shop.once.run(work, units(1, 3), { concurrency: 3 })
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['created', 'cancelled', 'created'])
    expect(given.sort()).toEqual([1, 3])
  })
})
