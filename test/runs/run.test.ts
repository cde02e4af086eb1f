import {
  column,
  expression,
  generator,
  guard,
  int,
  onceover,
  sql,
  text,
  timestamp,
  type UnitOf,
} from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorkshop, unit, units, visiting, type visits, type Workshop } from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

/** Work that makes whatever `expected` answers, and what it was given. */
function expecting(query: string) {
  const given: unknown[] = []
  const work = visiting({
    expected: (range: { readonly until: number }) =>
      sql`${sql.raw(query)} FROM generate_series(1, ${range.until}::int) AS g`,
    make: ({ key, input }) => {
      given.push([key, input])
    },
  })
  return { work, given }
}

describe('units come from', () => {
  test('an array, whose verdicts are in its order', async () => {
    const source = units(1, 30).reverse()
    const { verdicts } = await shop.once.run(visiting(), source, { concurrency: 7 })
    expect(verdicts.map(({ index, key }) => [index, Number(key.visitor)])).toEqual(
      source.map(({ key }, place) => [place, Number(key.visitor)]),
    )
  })

  test('nothing', async () => {
    const { state, totals, verdicts } = await shop.once.run(visiting(), [])
    expect([state, totals.rows, verdicts]).toEqual(['done', 0, []])
  })

  test('anything iterable, whose verdicts are told as they fall', async () => {
    const told: number[] = []
    const onVerdicts = (fallen: readonly { readonly index: number }[]) => {
      told.push(...fallen.map(({ index }) => index))
    }
    const { verdicts, totals } = await shop.once.run(visiting(), new Set(units(1, 20)), {
      onVerdicts,
    })
    expect(verdicts).toEqual([])
    expect(totals).toMatchObject({ created: 20 })
    expect(told.sort((left, right) => left - right)).toEqual(units(0, 19).map((_, place) => place))
  })

  test('an async iterable, which is asked for no more than is begun', async () => {
    let asked = 0
    let made = 0
    let ahead = 0
    async function* source() {
      for (; asked < 60; asked++) {
        ahead = Math.max(ahead, asked - made)
        yield unit(asked)
      }
    }
    const work = visiting({
      make: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        made++
      },
    })
    const { totals } = await shop.once.run(work, source(), { concurrency: 2, chunkUnits: 4 })
    expect(totals).toMatchObject({ created: 60 })
    expect(ahead).toBeLessThanOrEqual(2 + 4 + 1)
  })

  test('a range that `expected` answers by a query, whose other columns are input', async () => {
    const { work, given } = expecting(
      `SELECT g AS visitor, date '2025-01-01' + g AS day, 'n' || g AS name, g / 2.0 AS half`,
    )
    const { run, totals, verdicts } = await shop.once.run(work, { until: 2 })
    expect([totals.created, verdicts]).toEqual([2, []])
    expect(given).toEqual([
      [
        { visitor: 1, day: '2025-01-02' },
        { name: 'n1', half: 0.5 },
      ],
      [
        { visitor: 2, day: '2025-01-03' },
        { name: 'n2', half: 1 },
      ],
    ])
    expect((await shop.once.runs({ limit: 1 }))[0]).toMatchObject({ id: run, range: { until: 2 } })
  })

  test('one whose column `input` is the input, and one without any', async () => {
    const first = expecting(
      `SELECT 9007199254740992::bigint + g AS visitor, date '2025-01-01' AS day,
         jsonb '[1]' AS input, 1 AS other`,
    )
    await shop.once.run(first.work, { until: 1 })
    expect(first.given).toEqual([[{ visitor: 2n ** 53n + 1n, day: '2025-01-01' }, [1]]])
    const second = expecting(`SELECT g AS visitor, date '2025-01-01' AS day`)
    await shop.once.run(second.work, { until: 1 })
    expect(second.given).toEqual([[{ visitor: 1, day: '2025-01-01' }, undefined]])
  })

  test('keys of instants and numerics, to the microsecond and the digit', async () => {
    await shop.rows(
      `CREATE TABLE IF NOT EXISTS ticks (id serial PRIMARY KEY, at timestamptz, price numeric,
         UNIQUE (at, price))`,
    )
    const given: unknown[] = []
    const work = generator(
      guard('ticks', { table: 'ticks', key: { at: timestamp(), price: column() } }),
      {
        expected: () =>
          sql`SELECT timestamptz '2025-01-01 00:00:00.000001+02' AS at, 0.10::numeric AS price`,
        save: async (tx, { unit: { key } }) => {
          given.push(key)
          await tx.query('INSERT INTO ticks (at, price) VALUES ($1, $2)', [key.at, key.price])
        },
      },
    )
    expect((await shop.once.run(work, {})).totals).toMatchObject({ created: 1 })
    expect(given).toEqual([{ at: '2024-12-31T22:00:00.000001Z', price: '0.10' }])
    expect((await shop.once.run(work, {})).totals).toMatchObject({ skipped: 1 })
  })

  test('a query whose key is no whole number, which is an invalid unit', async () => {
    const { work } = expecting(`SELECT g + 0.5 AS visitor, date '2025-01-01' AS day`)
    expect((await shop.once.run(work, { until: 1 })).totals).toMatchObject({ invalid: 1, rows: 1 })
  })

  test('a query with a number in its input that JavaScript would round, as well', async () => {
    const { work } = expecting(
      `SELECT g AS visitor, date '2025-01-01' AS day, 9007199254740993 AS large`,
    )
    expect((await shop.once.run(work, { until: 1 })).totals).toMatchObject({ invalid: 1, rows: 1 })
  })

  test('a range that `expected` answers by an iterable', async () => {
    const work = visiting({
      expected: ({ until }: { readonly until: number }): Iterable<UnitOf<typeof visits, unknown>> =>
        units(1, until),
    })
    expect((await shop.once.run(work, { until: 5 })).totals).toMatchObject({ created: 5 })
  })
})

describe('what is no source is refused', () => {
  test.each([['a text'], [7], [null], [undefined], [{ n: Number.NaN }], [sql`SELECT 1`]])(
    '%j',
    async (source) => {
      await expect(shop.once.run(visiting(), source as never)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      })
    },
  )

  test('a range of a generator that expects nothing', async () => {
    await expect(shop.once.run(visiting(), { until: 1 })).rejects.toMatchObject({
      code: 'EXPECTED_MISSING',
    })
    expect((await shop.once.runs({ limit: 1 }))[0]?.state).not.toBe('running')
  })

  test('a query that lacks a column of the key, and one that is wrong', async () => {
    await expect(
      shop.once.run(expecting('SELECT g AS visitor').work, { until: 1 }),
    ).rejects.toMatchObject({ code: 'EXPECTED_MISSING', fix: expect.stringContaining('day') })
    await expect(
      shop.once.run(expecting('SELECT nonsense').work, { until: 1 }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/QUERY_FAILED|EXPECTED_MISSING/) })
    expect((await shop.once.runs({ limit: 1 }))[0]?.state).toBe('stopped')
  })
})

describe('options are checked', () => {
  test.each([
    [{ concurrency: 0 }],
    [{ concurrency: 1.5 }],
    [{ chunkUnits: 0 }],
    [{ chunkUnits: 1e9 }],
    [{ onDuplicate: 'allow' }],
    [{ onVerdicts: 'x' }],
    [{ signal: {} }],
    [{ colour: 'red' }],
  ])('%j', async (options) => {
    await expect(shop.once.run(visiting(), [], options as never)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    })
  })

  test('wait is a length of time', async () => {
    await expect(shop.once.run(visiting(), [], { wait: 'long' })).rejects.toMatchObject({
      code: 'DURATION_INVALID',
    })
  })
})

test.each([1, 3, 20])('no more than %i are made and saved at once', async (concurrency) => {
  let running = 0
  let most = 0
  const work = visiting({
    make: () => {
      running++
      most = Math.max(most, running)
    },
    save: async (tx) => {
      await tx.query('SELECT 1')
      running--
    },
  })
  await shop.once.run(work, units(1, 60), { concurrency })
  expect(most).toBeLessThanOrEqual(concurrency)
  expect(running).toBe(0)
})

test('no more is claimed than will soon begin, where units are slow', async () => {
  let most = 0
  const work = visiting({
    make: async () => {
      const [row] = await shop.rows<{ held: number }>(
        `SELECT count(*)::int AS held FROM onceover.claim WHERE state = 'claimed'`,
      )
      most = Math.max(most, row?.held ?? 0)
    },
  })
  await shop.once.run(work, units(1, 60), { concurrency: 2, chunkUnits: 5 })
  expect(most).toBeLessThanOrEqual(2 + 5)
})

// At length: ONCEOVER_RUN_UNITS=1000000 npm test -- test/runs/run.test.ts
const UNITS = Number(process.env.ONCEOVER_RUN_UNITS ?? 20_000)

test('any number of units runs in constant memory', async () => {
  const heap: number[] = []
  function* source() {
    for (let each = 1; each <= UNITS; each++) {
      if (each % (UNITS / 10) === 0) {
        global.gc?.()
        heap.push(process.memoryUsage().heapUsed)
      }
      yield unit(each)
    }
  }
  const work = visiting({ make: () => undefined, saveAll: () => undefined })
  const { totals } = await shop.once.run(work, source(), { concurrency: 64 })
  expect(totals).toMatchObject({ created: UNITS, rows: UNITS })
  const grown = Math.min(...heap.slice(-3)) - Math.max(...heap.slice(1, 4))
  expect(grown).toBeLessThan(32 * 2 ** 20)
})

describe('the database may be', () => {
  test('a URL', async () => {
    const once = await onceover({ db: shop.database.url })
    expect((await once.run(visiting(), units(1, 20))).totals).toMatchObject({ created: 20 })
    await once.close()
  })

  test('a client, which serves one lane after the other', async () => {
    const client = new pg.Client({ connectionString: shop.database.url })
    await client.connect()
    const once = await onceover({ db: client })
    expect((await once.run(visiting(), units(1, 20))).totals).toMatchObject({ created: 20 })
    const { work } = expecting(`SELECT g AS visitor, date '2025-01-01' AS day`)
    expect((await once.run(work, { until: 21 })).totals).toMatchObject({ created: 1, skipped: 20 })
    await once.close()
    await client.end()
  })

  test('no bare { query }: it can neither open a transaction nor keep a lease', async () => {
    const once = await onceover({
      db: { query: (words, values) => shop.pool.query(words, values) },
    })
    await expect(once.run(visiting(), [unit(1)])).rejects.toMatchObject({ code: 'HANDLE_INVALID' })
    await once.close()
  })

  test.each(['serializable', 'repeatable\\ read'])('one whose default is %s', async (level) => {
    const options = `-c default_transaction_isolation=${level}`
    const pool = new pg.Pool({ connectionString: shop.database.url, options })
    const once = await onceover({ db: pool })
    expect((await once.run(visiting(), units(1, 40))).totals).toMatchObject({ created: 40 })
    const replace = { onDuplicate: 'replace' } as const
    expect((await once.run(visiting(), units(1, 40), replace)).totals.replaced).toBe(40)
    await once.close()
    await pool.end()
  })

  test('a pool of one, inside whose save a call without its handle is refused', async () => {
    const pool = new pg.Pool({ connectionString: shop.database.url, max: 1 })
    const once = await onceover({ db: pool })
    const work = visiting({ save: () => once.runs() })
    expect(await once.runOne(work, unit(1))).toMatchObject({
      verdict: 'failed',
      code: 'POOL_EXHAUSTED',
    })
    await once.close()
    await pool.end()
  })
})

test('a key that is an expression is made with the columns that it reads', async () => {
  await shop.rows(`
    CREATE TABLE IF NOT EXISTS pages (id serial PRIMARY KEY, title text NOT NULL, n int);
    CREATE UNIQUE INDEX IF NOT EXISTS pages_title ON pages (lower(title), n)`)
  const pages = guard('pages', {
    table: 'pages',
    key: { title: expression('lower(title)'), n: int() },
  })
  const work = generator(pages, {
    save: (tx, { unit: { key } }) =>
      tx
        .query('INSERT INTO pages (title, n) VALUES ($1, $2)', [Object(key).title, key.n])
        .then(() => 1),
  })
  const of = (title: string) => ({ key: { title, n: 1 } }) as never
  expect((await shop.once.run(work, [of('About'), of('ABOUT')])).totals).toMatchObject({
    created: 1,
    collided: 1,
  })
  expect(await shop.rows('SELECT title FROM pages')).toEqual([{ title: 'About' }])
})

test('what is trimmed for its key is stored as it was given', async () => {
  await shop.rows('CREATE TABLE IF NOT EXISTS people (id serial PRIMARY KEY, name text NOT NULL)')
  const people = guard('people', {
    table: 'people',
    key: { name: text({ trim: true, fold: true }) },
  })
  await shop.once.enforce(people)
  const work = generator(people, {
    save: (tx, { unit: { key } }) =>
      tx.query('INSERT INTO people (name) VALUES ($1)', [key.name]).then(() => null),
  })
  const { totals } = await shop.once.run(work, [
    { key: { name: ' Ann ' } },
    { key: { name: 'ANN' } },
  ])
  expect(totals).toMatchObject({ created: 1, collided: 1 })
  expect(await shop.rows('SELECT name FROM people')).toEqual([{ name: ' Ann ' }])
})
