import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { openWorkshop, said, signalled, unit, units, visiting, type Workshop } from './workshop.ts'

let shop: Workshop
const unheard: unknown[] = []
const hear = (error: unknown) => unheard.push(error)
beforeAll(async () => {
  process.on('unhandledRejection', hear)
  shop = await openWorkshop()
})
afterAll(async () => {
  await shop.close()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', hear)
  expect(unheard).toEqual([])
})
beforeEach(() => shop.empty())

const nothingHeld = async () => {
  expect(await shop.once.claims({ state: 'claimed' })).toEqual([])
  const states = (await shop.once.runs()).map(({ state }) => state)
  expect(states).not.toContain('running')
}

test('an input that its schema refuses is invalid, with the path and the words', async () => {
  const work = visiting({
    input: z.object({ name: z.string(), tags: z.array(z.object({ n: z.number() })) }),
  })
  const { verdicts } = await shop.once.run(work, [
    { ...unit(1), input: { name: 'a', tags: [{ n: 'x' as never }] } },
    { ...unit(2), input: undefined as never },
    { ...unit(3), input: { name: 'c', tags: [] } },
  ])
  expect(said(verdicts)).toEqual([
    expect.stringMatching(/^invalid: input: tags\.0\.n: /),
    expect.stringMatching(/^invalid: input: /),
    'created',
  ])
  await nothingHeld()
})

test('a schema that asks elsewhere is waited for, and what it returns is made from', async () => {
  const work = visiting({
    input: z.string().transform(async (text) => text.toUpperCase()),
    make: ({ input }) => input,
    save: (_, { made }) => made,
  })
  const { result } = await shop.once.runOne(work, { ...unit(1), input: 'x' })
  expect(result).toBe('X')
})

test('a fingerprint that throws ends the run, before its chunk is claimed', async () => {
  const work = visiting({
    fingerprint: async (all, db) => {
      await db.query('SELECT 1')
      if (all.some(({ key }) => Number(key.visitor) === 9)) throw new Error('no fingerprint')
      return all.map(() => null)
    },
  })
  await expect(shop.once.run(work, units(1, 12), { concurrency: 4 })).rejects.toThrow(
    'no fingerprint',
  )
  await nothingHeld()
  const [{ made } = { made: 0 }] = await shop.rows<{ made: number }>(
    'SELECT count(*)::int AS made FROM visits',
  )
  expect((await shop.once.runs({ limit: 1 }))[0]?.totals.created).toBe(made)
})

test('a fingerprint reads through the handle that it is given', async () => {
  const work = visiting({
    fingerprint: async (all, db) => {
      const { rows } = await db.query('SELECT count(*)::text AS n FROM visits')
      return all.map(() => String(rows[0]?.n))
    },
  })
  const replace = { onDuplicate: 'replace' } as const
  await shop.once.runOne(work, unit(1), replace)
  expect(said([await shop.once.runOne(work, unit(1), replace)])).toEqual(['replaced'])
  expect(said([await shop.once.runOne(work, unit(1), replace)])).toEqual(['skipped: unchanged'])
})

test('a table that went away ends the run, and nothing stays held', async () => {
  const work = visiting({
    make: async ({ key }) => {
      if (Number(key.visitor) === 5) await shop.rows('ALTER TABLE visits RENAME TO gone')
    },
  })
  const run = shop.once.run(work, units(1, 200), { concurrency: 1 })
  await expect(run).rejects.toMatchObject({ code: expect.any(String) })
  await shop.rows('ALTER TABLE gone RENAME TO visits')
  await nothingHeld()
  const again = await shop.once.run(visiting(), units(1, 200))
  expect(again.totals.created + again.totals.skipped).toBe(200)
})

test('a database that goes away ends no process, and what is left is made', async () => {
  const pool = new pg.Pool({ connectionString: shop.database.url, max: 3 })
  pool.on('error', () => undefined)
  const once = await shop.other({ db: pool })
  const cut = signalled()
  const work = visiting({
    make: async ({ key }) => {
      if (Number(key.visitor) !== 7) return
      await shop
        .rows(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND application_name <> 'onceover' AND query NOT LIKE '%terminate%'`)
        .catch(() => {})
      cut.resolve()
    },
  })
  const ended = await once.run(work, units(1, 30), { concurrency: 3 }).catch(() => undefined)
  await cut.promise
  const again = await shop.once.run(visiting(), units(1, 30), { wait: '30s' })
  const made = (ended?.totals.created ?? 0) + again.totals.created + again.totals.skipped
  expect(made).toBeGreaterThanOrEqual(30)
  expect(await shop.rows('SELECT FROM visits')).toHaveLength(30)
  await once.close()
  await pool.end()
})

test('saves that insert through Onceover without its handle do not stand still', async () => {
  const pool = new pg.Pool({ connectionString: shop.database.url, max: 2 })
  const once = await shop.other({ db: pool })
  const { guard } = visiting()
  const work = visiting({
    attempts: 5,
    save: async (_, { unit: { key } }) => {
      await once.insertOne(guard, { visitor: key.visitor, day: key.day })
    },
  })
  const { totals } = await once.run(work, units(1, 12), { concurrency: 6 })
  expect(totals.created + totals.failed + totals.skipped).toBe(12)
  await once.close()
  await pool.end()
})

test('once.insert, cancel and runs may be called from make', async () => {
  const { guard } = visiting()
  const work = visiting({
    make: async ({ key }, { run }) => {
      await shop.once.insertOne(guard, { visitor: Number(key.visitor) + 100, day: key.day })
      return (await shop.once.status(run)).inFlight
    },
    save: (_, { made }) => made,
  })
  expect(await shop.once.runOne(work, unit(1))).toMatchObject({ verdict: 'created', result: 1 })
})

test('a run within a make of another is a run of its own', async () => {
  const inner = visiting()
  const outer = visiting({
    make: async ({ key }) => {
      const { totals } = await shop.once.run(inner, [unit(Number(key.visitor) + 50)])
      return totals.created
    },
    save: (_, { made }) => made,
  })
  const { verdicts } = await shop.once.run(outer, units(1, 5))
  expect(verdicts.map(({ result }) => result)).toEqual([1, 1, 1, 1, 1])
})
