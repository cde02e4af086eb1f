import { guard, int, type Onceover, onceover, type ScanReport } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

let tables = 0

/** Scans a new table of (id, k, …columns), filled by a query of (k, …columns). */
async function grown(columns: string, rows: string): Promise<ScanReport> {
  const table = `t${++tables}`
  await db.pool.query(`CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    k int NOT NULL, ${columns})`)
  if (rows) {
    const { rows: found } = await db.pool.query(
      `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS names FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 1`,
      [table],
    )
    await db.pool.query(`INSERT INTO ${table} (${found[0].names}) ${rows}`)
  }
  const [report] = await once.scan(guard(table, { table, key: { k: int() } }), { growth: true })
  if (!report) throw new Error('nothing was reported')
  return report
}

const MADE = 'created_at timestamptz NOT NULL'

/** A key whose first row is old, and one excess row at each time of a query. */
const excessAt = (times: string) =>
  `SELECT 1, timestamptz '2020-01-01 00:00Z' UNION ALL SELECT 1, at FROM (${times}) AS t(at)`

describe('the time of a row is read from', () => {
  test.each<[name: string, columns: string, found: string | undefined]>([
    [
      'created_at',
      'at timestamptz NOT NULL DEFAULT now(), created_at timestamp NOT NULL',
      'created_at',
    ],
    ['createdAt', 'updated_at timestamptz NOT NULL, "createdAt" timestamptz NOT NULL', 'createdAt'],
    ['inserted_at', 'inserted_at timestamp(0) NOT NULL', 'inserted_at'],
    ['a default of now()', 'a timestamptz NOT NULL, b timestamptz NOT NULL DEFAULT now()', 'b'],
    ['a default in UTC', "a timestamp NOT NULL DEFAULT timezone('utc', now())", 'a'],
    ['what may be NULL, last', 'created_at timestamptz, b timestamptz NOT NULL DEFAULT now()', 'b'],
    ['what may be NULL, at all', 'created_at timestamptz', 'created_at'],
    ['no time of a change', 'updated_at timestamptz NOT NULL DEFAULT now()', undefined],
    ['no date', 'created_at date NOT NULL DEFAULT now()', undefined],
  ])('%s', async (_, columns, found) => {
    const times = columns.split(/, (?=\S+ timestamp)/).map(() => 'now()')
    const report = await grown(columns, `SELECT 1, ${times.join(', ')} FROM generate_series(1, 2)`)
    expect(report.growth?.column).toBe(found)
    if (found === undefined) {
      expect(report.growthUnknown).toMatch(/no column that says when a row was made/)
    }
  })
})

test('without duplicates there is no growth, and without asking none is read', async () => {
  const report = await grown(MADE, 'SELECT 1, now()')
  expect(report).not.toHaveProperty('growth')
  expect(report.growthUnknown).toContain('no excess row')
  const table = report.guard
  const [plain] = await once.scan(guard(table, { table, key: { k: int() } }))
  expect(plain).not.toHaveProperty('growthUnknown')
})

test('all rows of a key but the earliest are in excess, at times in UTC', async () => {
  const report = await grown(
    MADE,
    `VALUES (1, timestamptz '2025-03-01 02:30:00+02'), (1, '2025-03-01 00:10:00Z'),
      (1, '2025-03-01 00:50:00.5Z'), (2, '2025-03-01 00:51:00Z'), (2, 'infinity')`,
  )
  expect(report.growth).toMatchObject({
    excess: 2,
    first: '2025-03-01T00:30:00Z',
    last: '2025-03-01T00:50:00.5Z',
    unit: 'minute',
  })
  const filled = report.growth?.buckets.filter(({ rows }) => rows > 0)
  expect(filled).toEqual([
    { at: '2025-03-01T00:30:00Z', rows: 1, excess: 1 },
    { at: '2025-03-01T00:50:00Z', rows: 1, excess: 1 },
    { at: '2025-03-01T00:51:00Z', rows: 1, excess: 0 },
  ])
})

test('only rows of the same copy are in excess, and of NULLs that are equal', async () => {
  await db.pool.query(`CREATE TABLE copied (id int PRIMARY KEY, k int, nr int NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO copied VALUES (1, 1, 0), (2, 1, 1), (3, 1, 1), (4, NULL, 0), (5, NULL, 0)`)
  const scan = (nulls: 'reject' | 'equal') =>
    once.scan(guard('copied', { table: 'copied', key: { k: int({ nulls }) }, copies: 'nr' }), {
      growth: true,
    })
  expect((await scan('reject'))[0]?.growth?.excess).toBe(1)
  expect((await scan('equal'))[0]?.growth?.excess).toBe(2)
})

test.each<[span: string, step: string, unit: string]>([
  ['2 hours', '1 minute', 'minute'],
  ['6 days', '1 hour', 'hour'],
  ['150 days', '1 day', 'day'],
  ['1000 days', '10 days', 'week'],
  ['40 years', '1 month', 'month'],
])('over %s it is counted in buckets of a chart, at most 200', async (span, step, unit) => {
  const start = "timestamptz '1980-01-01 00:00:30Z'"
  const { growth } = await grown(
    MADE,
    `SELECT 1, timestamptz '1970-01-01' UNION ALL
      SELECT 1, at FROM generate_series(${start}, ${start} + interval '${span}', '${step}') AS at`,
  )
  expect(growth?.unit).toBe(unit)
  expect(growth?.buckets.length).toBeLessThanOrEqual(200)
  expect(growth?.buckets.length).toBeGreaterThan(90)
  const counted = growth?.buckets.reduce((sum, { excess }) => sum + excess, 0)
  if (unit !== 'month') expect(counted).toBe(growth?.excess)
})

/** Times from one to another, each of them some times in a row. */
const every = (step: string, from: string, to: string, where = 'true', times = 1, pace = '1 min') =>
  `SELECT at + n * interval '${pace}' FROM generate_series(timestamptz '${from}Z', '${to}Z',
    '${step}') AS at, generate_series(0, ${times - 1}) AS n WHERE ${where}`

const HOURLY = every('1 h', '2025-10-16 08:03', '2025-10-18 08:03')
const ODD_HOUR = "extract(hour FROM at AT TIME ZONE 'UTC') NOT IN (1, 2)"
const WORKDAY = 'extract(isodow FROM at) < 6'

describe('a rhythm is', () => {
  const rhythm = async (times: string) => (await grown(MADE, excessAt(times))).growth?.rhythm?.text

  test.each<[what: string, times: string, text: string]>([
    [
      'hourly',
      every('1 h', '2025-10-16 08:03', '2025-10-18 08:03', 'true', 6, '20 s'),
      'hourly at :03–:05 since 2025-10-16',
    ],
    [
      'hourly across the end of the hour',
      every('1 h', '2025-10-16 08:58', '2025-10-17 08:58', 'true', 5),
      'hourly at :58–:03 since 2025-10-16',
    ],
    [
      'hourly with some hours missing, which are said',
      every('1 h', '2025-10-16 08:03', '2025-10-18 08:03', ODD_HOUR),
      'hourly at :03 since 2025-10-16, in 45 of 49 hours',
    ],
    [
      'mostly hourly',
      `${HOURLY} UNION ALL SELECT timestamptz '2025-10-17 10:40Z'`,
      'hourly, mostly at :03 since 2025-10-16',
    ],
    [
      'daily on working days',
      every('1 day', '2025-10-01 02:10', '2025-10-31 02:10', WORKDAY, 5),
      'daily at 02:10–02:15 UTC since 2025-10-01, in 23 of 31 days',
    ],
    [
      'weekly',
      every('7 days', '2025-01-06 06:05', '2025-05-05 06:05'),
      'weekly on Monday 06:00–06:10 UTC since 2025-01-06',
    ],
    [
      'hourly among a few older rows',
      `${HOURLY} UNION ALL SELECT timestamptz '2021-05-06 10:40Z'`,
      'hourly at :03 since 2025-10-16',
    ],
  ])('%s', async (_, times, text) => {
    expect(await rhythm(times)).toBe(text)
  })

  test.each<[what: string, times: string]>([
    ['twice', every('1 h', '2025-10-16 08:03', '2025-10-16 09:03')],
    ['at any time', every('37 min', '2025-10-16 08:00', '2025-10-23 08:00')],
    ['every quarter of an hour', every('15 min', '2025-10-16 08:00', '2025-10-19 08:00')],
    ['in half of the hours only', every('2 h', '2025-10-16 08:03', '2025-10-17 08:03')],
    ['at once', every('1 h', '2025-10-16 08:03', '2025-10-16 08:03', 'true', 300, '0 s')],
  ])('not claimed of what was made %s', async (_, times) => {
    expect(await rhythm(times)).toBeUndefined()
  })
})

describe('sources are', () => {
  const BATCH = `batch_id int, note text, ${MADE}`
  const day = (n: string) => `timestamptz '2025-01-01' + ${n} * interval '1 day'`

  test('the batches that excess rows are of more often than others', async () => {
    const { growth } = await grown(
      BATCH,
      `SELECT n, 1, 'x', ${day('0')} FROM generate_series(1, 100) AS n UNION ALL
        SELECT n, 2, 'x', ${day('1')} FROM generate_series(1, 40) AS n UNION ALL
        SELECT n, 3, 'x', ${day('2')} FROM generate_series(95, 200) AS n`,
    )
    expect(growth?.sources).toEqual([{ column: 'batch_id', value: '2', excess: 40, groups: 40 }])
  })

  test('not what all rows are of alike', async () => {
    const { growth } = await grown(
      BATCH,
      `SELECT n, 1, 'x', ${day('i')} FROM generate_series(1, 100) AS n, generate_series(1, 2) AS i`,
    )
    expect(growth?.sources).toEqual([])
  })

  test('values of foreign keys, and at most ten', async () => {
    await db.pool.query('CREATE TABLE plans (id uuid PRIMARY KEY)')
    await db.pool.query(`INSERT INTO plans SELECT ('00000000-0000-4000-8000-'
      || lpad(n::text, 12, '0'))::uuid FROM generate_series(1, 30) AS n`)
    const { growth } = await grown(
      `plan uuid REFERENCES plans, ${MADE}`,
      `SELECT n, NULL::uuid, ${day('0')} FROM generate_series(1, 600) AS n UNION ALL
        SELECT n, ('00000000-0000-4000-8000-' || lpad((1 + n % 30)::text, 12, '0'))::uuid,
          ${day('1')} FROM generate_series(1, 600) AS n`,
    )
    expect(growth?.sources).toHaveLength(10)
    expect(growth?.sources[0]).toEqual({
      column: 'plan',
      value: '00000000-0000-4000-8000-000000000001',
      excess: 20,
      groups: 20,
    })
  })
})
