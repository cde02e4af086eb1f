import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  date,
  expression,
  type Generator,
  generator,
  guard,
  int,
  type Onceover,
  onceover,
  set,
  sql,
  text,
} from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const lessons = guard('lessons', {
  table: 'lessons',
  key: { day: date(), student: int() },
  where: 'NOT cancelled',
  unfinished: 'body IS NULL',
})

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})
afterAll(async () => {
  await once.close()
  await db.drop()
})

interface Days {
  readonly from: string
  readonly to: string
}

const byQuery = generator(lessons, {
  expected: ({ from, to }: Days) => sql`
    SELECT day::date, student, 'x' AS topic
    FROM generate_series(${from}::date, ${to}::date, '1 day') AS day,
      generate_series(1, 3) AS student`,
  make: ({ key }) => {
    if (key.student === 3) throw new Error('no words')
  },
  save: (tx, { unit }) =>
    tx.query('INSERT INTO lessons (day, student, body) VALUES ($1, $2, $3)', [
      unit.key.day,
      unit.key.student,
      'words',
    ]),
  attempts: 1,
})

const october = { from: '2025-10-01', to: '2025-10-02' }
const key = (day: number, student: number) => ({ day: `2025-10-0${day}`, student })
const units = [1, 2].flatMap((day) => [1, 2, 3].map((student) => ({ key: key(day, student) })))
const none = { made: 0, missing: 0, extra: 0, duplicate: 0, in_flight: 0, failed: 0 }

beforeEach(async () => {
  await db.pool.query(`DROP TABLE IF EXISTS lessons; TRUNCATE onceover.claim, onceover.guard;
    CREATE TABLE lessons (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL,
      student int NOT NULL, body text, cancelled bool NOT NULL DEFAULT false)`)
})

const insert = (rows: string) =>
  db.pool.query(`INSERT INTO lessons (day, student, body, cancelled) VALUES ${rows}`)

describe('what is expected', () => {
  test('is missing where there is neither a row nor a claim', async () => {
    const counts = { ...none, expected: 3, missing: 3 }
    expect(await once.reconcile(byQuery, october)).toEqual({
      totals: { ...none, expected: 6, missing: 6 },
      periods: [
        { period: '2025-10-01', ...counts },
        { period: '2025-10-02', ...counts },
      ],
      missing: units.map((unit) => unit.key),
      extra: [],
      duplicate: [],
      in_flight: [],
      failed: [],
      invalid: 0,
    })
  })

  test('may be a list, and then comes to the same', async () => {
    await insert("('2025-10-01', 1, 'x', false), ('2025-10-01', 9, 'x', false)")
    expect(await once.reconcile(byQuery, units)).toEqual(await once.reconcile(byQuery, october))
    const async = (async function* () {
      yield* units
    })()
    expect((await once.reconcile(byQuery, async)).totals).toMatchObject({ expected: 6, made: 1 })
  })

  test('is made where a finished row stands, inside where, whoever made it', async () => {
    await insert(`('2025-10-01', 1, 'words', false), ('2025-10-01', 2, NULL, false),
      ('2025-10-01', 3, 'words', true)`)
    const { totals, missing } = await once.reconcile(byQuery, october)
    expect(totals).toEqual({ ...none, expected: 6, made: 1, missing: 5 })
    expect(missing[0]).toEqual(key(1, 2))
  })

  test('counts once, however often it is named', async () => {
    const { totals } = await once.reconcile(byQuery, [...units, ...units])
    expect(totals).toMatchObject({ expected: 6, missing: 6 })
  })

  test('may be nothing at all', async () => {
    await insert("('2025-10-01', 1, 'x', false)")
    expect(await once.reconcile(byQuery, [])).toMatchObject({
      totals: { ...none, expected: 0 },
      periods: [],
    })
  })

  test('is invalid where its key is none', async () => {
    const wrong = [{ key: { day: null, student: 1 } }, { key: { day: 'today', student: 1 } }, null]
    const result = await once.reconcile(byQuery, [...units, ...wrong] as typeof units)
    expect(result).toMatchObject({ invalid: 3, totals: { expected: 6 } })
    const query = generator(lessons, {
      expected: () => sql`SELECT NULL::date AS day, 1 AS student`,
      save: () => {},
    })
    expect(await once.reconcile(query, {})).toMatchObject({ invalid: 1, totals: { expected: 0 } })
  })
})

test('rows of the same periods that nobody expects are extra', async () => {
  await insert(`('2025-10-01', 7, 'x', false), ('2025-10-01', 8, NULL, false),
    ('2025-10-02', 9, 'x', true), ('2025-11-01', 1, 'x', false)`)
  const { totals, extra, periods } = await once.reconcile(byQuery, october)
  expect(totals).toMatchObject({ extra: 2, missing: 6 })
  expect(extra).toEqual([key(1, 7), key(1, 8)])
  expect(periods.map((period) => period.extra)).toEqual([2, 0])
})

test('rows in excess of one are duplicate, where no index is in their way', async () => {
  await insert(`('2025-10-01', 1, 'x', false), ('2025-10-01', 1, 'y', false),
    ('2025-10-01', 1, 'z', false), ('2025-10-01', 1, 'z', true), ('2025-10-02', 2, 'x', false)`)
  const { totals, duplicate } = await once.reconcile(byQuery, october)
  expect(totals).toMatchObject({ made: 2, missing: 4, duplicate: 2 })
  expect(duplicate).toEqual([key(1, 1)])
})

describe('claims', () => {
  beforeEach(() =>
    db.pool.query('CREATE UNIQUE INDEX ON lessons (day, student) WHERE NOT cancelled'),
  )

  test('that failed are failed and missing, and the others made', async () => {
    await once.run(byQuery, october)
    const { totals, failed, missing } = await once.reconcile(byQuery, october)
    expect(totals).toEqual({ ...none, expected: 6, made: 4, missing: 2, failed: 2 })
    expect(failed).toEqual([key(1, 3), key(2, 3)])
    expect(missing).toEqual(failed)
  })

  test('under a live lease are in flight, and missing once the lease is dead', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = generator(lessons, { ...byQuery.options, make: () => held })
    const running = once.run(slow, units.slice(0, 2))
    const inFlight = async () => (await once.reconcile(slow, october)).in_flight
    await expect.poll(inFlight).toEqual([key(1, 1), key(1, 2)])
    expect((await once.reconcile(slow, october)).totals).toMatchObject({ missing: 4, in_flight: 2 })
    await db.pool.query("UPDATE onceover.lease SET expires_at = now() - interval '1 day'")
    expect((await once.reconcile(slow, october)).totals).toMatchObject({ missing: 6, in_flight: 0 })
    await db.pool.query("UPDATE onceover.lease SET expires_at = now() + interval '1 day'")
    release()
    await running
    expect((await once.reconcile(slow, october)).totals).toMatchObject({ missing: 4, made: 2 })
  })

  test('that were given back before they were begun did not fail', async () => {
    const stop = new AbortController()
    const stopping = generator(lessons, { ...byQuery.options, make: () => stop.abort() })
    await once.run(stopping, october, { concurrency: 1, signal: stop.signal })
    const { totals } = await once.reconcile(stopping, october)
    expect(totals).toMatchObject({ missing: 6 - totals.made, failed: 0 })
  })

  test.each([
    ['row', { made: 0, missing: 1 }],
    ['forever', { made: 1, missing: 0 }],
  ] as const)('that are done count without their row by remember: %j', async (remember, found) => {
    const own = guard(`lessons ${remember}`, { table: 'lessons', key: lessons.key, remember })
    await db.pool.query('CREATE UNIQUE INDEX ON lessons (day, student)')
    const each = generator(own, { save: byQuery.options.save ?? (() => {}) })
    const unit = { key: key(1, 1) }
    await once.run(each, [unit])
    expect((await once.reconcile(each, [unit])).totals).toMatchObject({ made: 1 })
    await db.pool.query('DELETE FROM lessons')
    expect((await once.reconcile(each, [unit])).totals).toMatchObject(found)
  })
})

describe('keys', () => {
  const table = async (columns: string, rows = '') => {
    await db.pool.query(`DROP TABLE IF EXISTS things;
      CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${columns});
      ${rows && `INSERT INTO things OVERRIDING USER VALUE VALUES ${rows}`}`)
  }
  const save = () => {}

  test('are compared in their canonical form', async () => {
    await table('name text', `(1, ' Ana '), (2, 'BEN'), (3, 'other')`)
    const things = guard('names', {
      table: 'things',
      key: { name: text({ trim: true, fold: true }) },
    })
    const list = [{ key: { name: 'ana' } }, { key: { name: 'ben ' } }, { key: { name: 'Cy' } }]
    const result = await once.reconcile(generator(things, { save }), list)
    expect(result.totals).toMatchObject({ expected: 3, made: 2, missing: 1, extra: 1 })
    expect(result.missing).toEqual([{ name: 'cy' }])
    expect(result.extra).toEqual([{ name: 'other' }])
    expect(result.periods).toEqual([{ period: null, ...result.totals }])
  })

  test('with NULL are equal where the guard says so', async () => {
    await table('day date, n int', "(1, NULL, 1), (2, NULL, 2), (3, '2025-10-01', NULL)")
    const things = guard('equal', {
      table: 'things',
      key: { day: date({ nulls: 'equal' }), n: int({ nulls: 'equal' }) },
    })
    const each = generator(things, {
      expected: () => sql`VALUES (NULL::date, 1), (NULL, 3), ('2025-10-01', NULL)`,
      save,
    })
    const named = generator(things, {
      expected: () => sql`SELECT * FROM (${each.options.expected?.({}) as never}) AS t(day, n)`,
      save,
    })
    const { totals, periods, missing, extra } = await once.reconcile(named, {})
    expect(totals).toEqual({ ...none, expected: 3, made: 2, missing: 1, extra: 1 })
    expect(periods.map(({ period }) => period)).toEqual(['2025-10-01', null])
    expect([missing, extra]).toEqual([[{ day: null, n: 3 }], [{ day: null, n: 2 }]])
  })

  test('with a NULL that equals nothing are no keys', async () => {
    await table('n int', '(1, NULL), (2, NULL), (3, 1)')
    const things = guard('distinct', { table: 'things', key: { n: int({ nulls: 'distinct' }) } })
    const list = [{ key: { n: 1 } }, { key: { n: null } }]
    const { totals, invalid } = await once.reconcile(generator(things, { save }), list)
    expect({ ...totals, invalid }).toEqual({ ...none, expected: 1, made: 1, invalid: 1 })
  })

  test('of sets are compared where the guard was never enforced', async () => {
    await table('tags text[]', `(1, '{b,a}'), (2, '{c}')`)
    const things = guard('tags', { table: 'things', key: { tags: set() } })
    const list = [{ key: { tags: ['a', 'b', 'a'] } }, { key: { tags: ['d'] } }]
    const { totals } = await once.reconcile(generator(things, { save }), list)
    expect(totals).toMatchObject({ made: 1, missing: 1, extra: 1 })
  })

  test('of expressions are computed from the columns that a query names', async () => {
    await table('email text NOT NULL', `(1, 'ANA@x.org')`)
    const things = guard('emails', {
      table: 'things',
      key: { email: expression('lower(email)') },
    })
    const each = generator(things, {
      expected: () => sql`SELECT unnest(ARRAY['ana@X.org', 'ben@x.org']) AS email`,
      save,
    })
    expect(await once.reconcile(each, {})).toMatchObject({
      totals: { made: 1, missing: 1 },
      missing: [{ email: 'ben@x.org' }],
    })
  })

  test('that no column could hold are not cut to one that it does', async () => {
    await table('code varchar(3)', `(1, 'abc')`)
    const things = guard('codes', { table: 'things', key: { code: text() } })
    const each = generator(things, { expected: () => sql`SELECT 'abcdef' AS code`, save })
    expect((await once.reconcile(each, {})).totals).toMatchObject({ made: 0, missing: 1 })
  })

  test('with copies are duplicate only where the number of a copy stands twice', async () => {
    await table('n int, copy int NOT NULL DEFAULT 0', '(1, 1, 0), (2, 1, 1), (3, 2, 0), (4, 2, 0)')
    const things = guard('copied', { table: 'things', key: { n: int() }, copies: 'copy' })
    const list = [{ key: { n: 1 } }, { key: { n: 2 } }]
    const { totals, duplicate } = await once.reconcile(generator(things, { save }), list)
    expect(totals).toMatchObject({ made: 2, duplicate: 1 })
    expect(duplicate).toEqual([{ n: 2 }])
  })
})

test('by names the part of the periods', async () => {
  await insert("('2025-10-01', 1, 'x', false), ('2025-12-24', 1, 'x', false)")
  const { periods, totals } = await once.reconcile(byQuery, october, { by: 'student' })
  expect(totals).toMatchObject({ made: 1, missing: 5, extra: 1 })
  expect(periods.map(({ period, missing }) => [period, missing])).toEqual([
    [1, 1],
    [2, 2],
    [3, 2],
  ])
})

describe('is refused', () => {
  const fails = (each: Generator, options?: object) =>
    expect(once.reconcile(each, { ...october }, options)).rejects

  test('where the query lacks a column of the key', async () => {
    const lacking = generator(lessons, {
      expected: () => sql`SELECT 1 AS student`,
      save: () => {},
    })
    await fails(lacking as never).toMatchObject({ code: 'EXPECTED_MISSING' })
  })

  test('where nothing says what is expected', async () => {
    const silent = generator(lessons, { save: () => {} })
    await fails(silent as never).toMatchObject({ code: 'EXPECTED_MISSING' })
  })

  test('with a part that the key has not, or an unknown option', async () => {
    await fails(byQuery as never, { by: 'week' }).toMatchObject({
      code: 'INPUT_INVALID',
      fix: 'Its parts are: day, student.',
    })
    await fails(byQuery as never, { per: 'day' }).toMatchObject({ code: 'INPUT_INVALID' })
  })

  test('without our schema, and not for want of another table', async () => {
    const bare = await testDatabase()
    const other = await onceover({ db: bare.pool })
    await bare.pool.query(
      'CREATE TABLE lessons (id int PRIMARY KEY, day date, student int, body text, cancelled bool)',
    )
    const misspelt = generator(lessons, {
      expected: () => sql`SELECT day, student FROM lesons`,
      save: () => {},
    })
    await expect(other.reconcile(byQuery, october)).rejects.toMatchObject({ code: 'NOT_MIGRATED' })
    await other.migrate()
    await expect(other.reconcile(misspelt, {})).rejects.toThrow('lesons')
    await other.close()
    await bare.drop()
  })
})

test('100,000 expected keys are reconciled in the database', async () => {
  await db.pool.query(`INSERT INTO lessons (day, student, body)
    SELECT day, student, 'x' FROM generate_series('2025-01-01'::date, '2025-04-10', '1 day') AS day,
      generate_series(1, 1000) AS student WHERE student % 10 <> 0`)
  const many = generator(lessons, {
    expected: () => sql`
      SELECT day::date, student FROM generate_series('2025-01-01'::date, '2025-04-10', '1 day')
        AS day, generate_series(1, 1000) AS student`,
    save: () => {},
  })
  const { totals, missing, periods } = await once.reconcile(many, {})
  expect(totals).toEqual({ ...none, expected: 100_000, made: 90_000, missing: 10_000 })
  expect(missing).toHaveLength(1000)
  expect(periods).toHaveLength(100)
})
