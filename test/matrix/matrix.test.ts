import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  date,
  generator,
  guard,
  int,
  type Matrix,
  type Onceover,
  onceover,
  sql,
  text,
  timestamp,
} from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const lessons = guard('lessons', {
  table: 'lessons',
  key: { day: date(), student: int(), topic: text() },
  unfinished: 'body IS NULL',
  matrix: { entity: 'student', period: 'day', labels: 'SELECT id, name FROM students' },
})

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
  await db.pool.query(`
    CREATE TABLE students (id int PRIMARY KEY, name text);
    INSERT INTO students VALUES (1, 'Cy'), (2, 'Ana'), (3, 'Ben'), (9, 'Nobody');
    CREATE TABLE lessons (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL,
      student int NOT NULL, topic text NOT NULL DEFAULT 'x', body text, series text)`)
})
afterAll(async () => {
  await once.close()
  await db.drop()
})
beforeEach(async () => {
  await db.pool.query(`TRUNCATE lessons, onceover.claim;
    DROP INDEX IF EXISTS ux_lessons`)
})

const october = { from: '2025-10-01', to: '2025-10-03' }

const insert = (rows: string) =>
  db.pool.query(`INSERT INTO lessons (day, student, topic, body) VALUES ${rows}`)

const enforced = () =>
  db.pool.query('CREATE UNIQUE INDEX ux_lessons ON lessons (day, student, topic)')

const keyOf = (day: number, student: number, topic = 'x') => ({
  day: `2025-10-0${day}`,
  student,
  topic,
})

const expecting = generator(lessons, {
  expected: ({ from, to }: { from: string; to: string }) => sql`
    SELECT day::date, student, 'x' AS topic
    FROM generate_series(${from}::date, ${to}::date, '1 day') AS day,
      generate_series(1, 3) AS student`,
  save: (tx, { unit: { key } }) => {
    if (key.student === 3) throw new Error('no words')
    return tx.query(
      `INSERT INTO lessons (day, student, topic, body) VALUES ($1, $2, $3, 'words')`,
      [key.day, key.student, key.topic],
    )
  },
  attempts: 1,
})

const shown = ({ rows }: Matrix) =>
  rows.map(({ entity, label, states, counts }) => [entity, label, states, ...(counts ?? [])])

describe('with a generator that says what is expected', () => {
  test('all is missing where nothing was made, and the rows stand by label', async () => {
    const matrix = await once.matrix(expecting, october)
    expect(matrix).toMatchObject({
      guard: 'lessons',
      entity: 'student',
      period: 'day',
      ...october,
      expected: true,
      periods: ['2025-10-01', '2025-10-02', '2025-10-03'],
      totals: { missing: 9, done: 0 },
    })
    expect(Date.parse(matrix.at)).not.toBeNaN()
    expect(shown(matrix)).toEqual([
      ['2', 'Ana', 'mmm'],
      ['3', 'Ben', 'mmm'],
      ['1', 'Cy', 'mmm'],
    ])
  })

  test('each state has its letter, and the gravest key of a cell is what it shows', async () => {
    await enforced()
    await once.run(expecting, [{ key: keyOf(1, 1) }, { key: keyOf(2, 1) }, { key: keyOf(1, 3) }])
    await once.run(expecting, [{ key: keyOf(2, 1) }])
    await once.run(expecting, [{ key: keyOf(2, 3) }])
    await db.pool.query(`UPDATE onceover.claim SET state = 'cancelled' WHERE key->>0 = '2025-10-02'
      AND state <> 'done'`)
    await db.pool.query('DROP INDEX ux_lessons')
    await insert(`('2025-10-03', 1, 'x', 'a'), ('2025-10-03', 1, 'x', 'b'),
      ('2025-10-01', 2, 'x', NULL), ('2025-10-02', 2, 'other', 'a'), ('2025-10-04', 2, 'x', 'a')`)
    const matrix = await once.matrix(expecting, october)
    expect(shown(matrix)).toEqual([
      ['2', 'Ana', 'mmm', 1, 2, 1],
      ['3', 'Ben', 'fxm'],
      ['1', 'Cy', 'dsu'],
    ])
    expect(matrix.totals).toEqual({
      ...{ missing: 4, failed: 1, cancelled: 1, done: 1, skipped: 1, duplicate: 1, extra: 1 },
      claimed: 0,
    })
    // A cell of two keys shows the graver one: the totals of its period know both.
    expect(matrix.byPeriod[1]).toMatchObject({ missing: 1, extra: 1, skipped: 1 })
    const cell = { entity: '2', period: '2025-10-02', ...october }
    expect(await once.cell(expecting, cell)).toEqual([
      { key: keyOf(2, 2, 'other'), state: 'extra' },
      { key: keyOf(2, 2), state: 'missing' },
    ])
    const { entity } = cell
    const some = ['2025-10-01', '2025-10-02'].map((period) => ({ entity, period }))
    const missing = { cells: some, states: ['missing'] as const, ...october }
    expect(await once.cells(expecting, missing)).toEqual([
      { key: keyOf(1, 2), state: 'missing' },
      { key: keyOf(2, 2), state: 'missing' },
    ])
    expect(await once.cells(expecting, { ...missing, states: [] })).toEqual([])
    expect(await once.cells(expecting, { ...missing, limit: 1 })).toHaveLength(1)
  })

  test('a list of units is held against the rows as a query is', async () => {
    await insert(`('2025-10-01', 1, 'x', 'a'), ('2025-10-02', 1, 'x', 'a')`)
    const asked: unknown[] = []
    const listing = generator(lessons, {
      range: ({ from }) => ({ month: from.slice(0, 7) }),
      expected: (range: { month: string }) => {
        asked.push(range)
        return [1, 2].map((student) => ({ key: keyOf(1, student) }))
      },
      save: () => {},
    })
    expect(shown(await once.matrix(listing, october))).toEqual([
      ['2', 'Ana', 'm.'],
      ['1', 'Cy', 'de'],
    ])
    expect(asked).toEqual([{ month: '2025-10' }])
  })

  test('what a worker that lives has claimed is claimed', async () => {
    await enforced()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = generator(lessons, { ...expecting.options, make: () => held })
    const running = once.run(slow, [{ key: keyOf(1, 1) }])
    const first = async (of: typeof slow | typeof lessons) =>
      shown(await once.matrix(of as typeof slow, { ...october, to: october.from }))
    await expect.poll(() => first(slow)).toContainEqual(['1', 'Cy', 'c'])
    expect(await first(lessons)).toEqual([['1', 'Cy', 'c']])
    await db.pool.query("UPDATE onceover.lease SET expires_at = now() - interval '1 day'")
    expect(await first(slow)).toContainEqual(['1', 'Cy', 'm'])
    expect(await first(lessons)).toEqual([['1', 'Cy', 'f']])
    await db.pool.query("UPDATE onceover.lease SET expires_at = now() + interval '1 day'")
    release()
    await running
    expect(await first(lessons)).toEqual([['1', 'Cy', 'd']])
  })
})

describe('with a guard alone', () => {
  test('rows are done, unfinished ones failed, and so is what was begun', async () => {
    await enforced()
    await once.run(expecting, [{ key: keyOf(1, 1) }, { key: keyOf(1, 3) }])
    await insert(`('2025-10-03', 2, 'x', NULL), ('2025-10-03', 7, 'x', 'a')`)
    const matrix = await once.matrix(lessons, october)
    expect(matrix).toMatchObject({ expected: false, periods: ['2025-10-01', '2025-10-03'] })
    expect(shown(matrix)).toEqual([
      ['2', 'Ana', '.f'],
      ['3', 'Ben', 'f.'],
      ['1', 'Cy', 'd.'],
      ['7', null, '.d'],
    ])
    const failed = { entity: '3', period: '2025-10-01' }
    expect(await once.cell(lessons, failed)).toEqual([{ key: keyOf(1, 3), state: 'failed' }])
  })

  test('without our schema the rows are shown', async () => {
    const bare = await testDatabase()
    const other = await onceover({ db: bare.pool })
    await bare.pool.query(`CREATE TABLE visits (id int PRIMARY KEY, place text, year int, n int);
      INSERT INTO visits VALUES (1, 'Rome', 2024, 0), (2, 'Rome', 2025, 0), (3, 'Rome', 2025, 0),
        (4, 'Rome', 2025, 1), (5, NULL, 2025, 0), (6, 'Rome', NULL, 0)`)
    const visits = guard('visits', {
      table: 'visits',
      key: { place: text({ nulls: 'equal' }), year: int({ nulls: 'equal' }) },
      matrix: { entity: 'place', period: 'year' },
    })
    const matrix = await other.matrix(visits)
    expect(matrix).toMatchObject({ from: null, to: null, periods: ['2024', '2025'] })
    expect(shown(matrix)).toEqual([
      ['Rome', null, 'du'],
      [null, null, '.d'],
    ])
    const later = await other.matrix(visits, { from: '2025' })
    expect(later.periods).toEqual(['2025'])
    expect(await other.cell(visits, { entity: null, period: '2025' })).toEqual([
      { key: { place: null, year: 2025 }, state: 'done' },
    ])
    await bare.pool.query('ALTER TABLE visits ALTER n SET NOT NULL')
    const copied = guard('copied', {
      table: 'visits',
      key: visits.key,
      copies: 'n',
      matrix: { entity: 'place', period: 'year' },
    })
    expect((await other.matrix(copied)).totals).toMatchObject({ duplicate: 1, done: 2 })
    await other.close()
    await bare.drop()
  })

  test('an entity beside the key is that of the row, or of the input of a unit', async () => {
    const series = guard('series', {
      table: 'lessons',
      key: lessons.key,
      matrix: { entity: 'series', period: 'day' },
    })
    await enforced()
    await db.pool.query(`INSERT INTO lessons (day, student, series)
      VALUES ('2025-10-01', 1, 'A'), ('2025-10-01', 2, 'A'), ('2025-10-02', 1, NULL)`)
    const failing = generator(series, {
      input: undefined as never,
      expected: () => sql`SELECT '2025-10-03'::date AS day, 5 AS student, 'x' AS topic,
        'B' AS series UNION ALL SELECT '2025-10-01', 1, 'x', 'A'`,
      save: () => {
        throw new Error('never')
      },
    })
    await once.run(failing, [{ key: keyOf(2, 6), input: { series: 'C' } }] as never)
    expect(shown(await once.matrix(series, october))).toEqual([
      ['A', null, 'd.', 2, 0],
      ['C', null, '.f'],
      [null, null, '.d'],
    ])
    expect(shown(await once.matrix(failing, october))).toEqual([
      ['A', null, 'e..', 2, 0, 0],
      ['B', null, '..m'],
      [null, null, '.e.'],
    ])
  })
})

describe('the span', () => {
  const newest = async (day: string) => {
    await db.pool.query('TRUNCATE lessons')
    await db.pool.query(`INSERT INTO lessons (day, student, body) VALUES (${day}, 1, 'x')`)
    const { from, to } = await once.matrix(lessons)
    const [row] = (
      await db.pool.query<{ today: string }>(
        `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today`,
      )
    ).rows
    return { from, to, today: row?.today }
  }

  test('is the 28 days up to today, or up to the newest row where that is old', async () => {
    const recent = await newest('current_date - 30')
    expect(recent.to).toBe(recent.today)
    expect(Date.parse(recent.to ?? '') - Date.parse(recent.from ?? '')).toBe(27 * 86_400_000)
    expect(await newest(`'2024-02-29'`)).toMatchObject({ from: '2024-02-02', to: '2024-02-29' })
  })

  test('of other periods is all of them, and 28 days are asked what they expect', async () => {
    await db.pool.query(
      'CREATE TABLE IF NOT EXISTS dues (id int PRIMARY KEY, member int, year int)',
    )
    await db.pool.query('INSERT INTO dues VALUES (1, 7, 2019)')
    const asked: unknown[] = []
    const dues = generator(
      guard('dues', {
        table: 'dues',
        key: { member: int(), year: int() },
        matrix: { entity: 'member', period: 'year' },
      }),
      {
        range: (days) => {
          asked.push(days)
          return { year: 2025 }
        },
        expected: ({ year }: { year: number }) => sql`SELECT 7 AS member, ${year}::int AS year`,
        save: () => {},
      },
    )
    expect(await once.matrix(dues)).toMatchObject({
      ...{ from: null, to: null, periods: ['2019', '2025'] },
      rows: [{ entity: '7', states: 'em' }],
    })
    expect(await once.cell(dues, { entity: '7', period: '2025' })).toEqual([
      { key: { member: 7, year: 2025 }, state: 'missing' },
    ])
    expect(asked[0]).toEqual({
      from: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      to: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    })
    expect(asked[1]).toEqual(asked[0])
    await expect(once.cell(dues, { entity: '7', period: 'now' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    })
  })

  test('of points in time goes by days in UTC', async () => {
    await db.pool.query(`DROP TABLE IF EXISTS slots;
      CREATE TABLE slots (id int PRIMARY KEY, at timestamptz, room int);
      INSERT INTO slots VALUES (1, '2025-10-01T23:59:59Z', 1), (2, '2025-10-02T00:00:00Z', 1),
        (3, '2025-10-02T23:59:59.9Z', 1), (4, '2025-10-03T00:00:00Z', 1), (5, 'infinity', 1)`)
    const slots = guard('slots', {
      table: 'slots',
      key: { at: timestamp(), room: int() },
      matrix: { entity: 'room', period: 'at' },
    })
    const day = { from: '2025-10-02', to: '2025-10-02' }
    const matrix = await once.matrix(slots, day)
    expect(matrix.periods).toEqual(['2025-10-02'])
    expect(shown(matrix)).toEqual([['1', null, 'd', 2]])
    expect(await once.matrix(slots)).toMatchObject({ from: '2025-09-06', to: '2025-10-03' })
    const keys = await once.cell(slots, { entity: '1', period: '2025-10-02' })
    expect(keys.map(({ key }) => key.at)).toEqual([
      '2025-10-02T00:00:00Z',
      '2025-10-02T23:59:59.9Z',
    ])
  })
})

test('a cell takes what is expected as of its column, whatever type it has', async () => {
  await enforced()
  const texts = generator(lessons, {
    expected: ({ from }: { from: string }) => sql`
      SELECT ${from}::text AS day, student::text, 'x' AS topic
      FROM generate_series(1, 2) AS student`,
    save: () => undefined,
  })
  const missing = [{ key: keyOf(1, 2), state: 'missing' }]
  expect(await once.cell(texts, { entity: '2', period: '2025-10-01' })).toEqual(missing)
})

describe('is refused', () => {
  test('where the guard does not say what it is laid out by', async () => {
    const plain = guard('plain', { table: 'lessons', key: lessons.key })
    await expect(once.matrix(plain)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      fix: expect.stringContaining('matrix: {'),
    })
  })

  test.each([
    [{ from: '2025-10-32' }, 'there is no such day'],
    [{ from: '2025-10-02', to: '2025-10-01' }, 'after its end'],
    [{ since: '2025-10-02' }, 'no option since'],
  ])('for the span %j', async (span, words) => {
    await expect(once.matrix(lessons, span as object)).rejects.toThrow(words)
  })

  test('for more periods than can be seen', async () => {
    await insert(`('2024-01-01', 1, 'x', 'a')`)
    await db.pool.query(`INSERT INTO lessons (day, student)
      SELECT '2024-01-01'::date + day, 1 FROM generate_series(1, 400) AS day`)
    const long = { from: '2024-01-01', to: '2025-12-31' }
    await expect(once.matrix(lessons, long)).rejects.toMatchObject({
      code: 'MATRIX_TOO_LARGE',
      details: { periods: 401, entities: 1 },
    })
  })

  test('where its labels are no query of two columns', async () => {
    const wrong = guard('wrong', {
      table: 'lessons',
      key: lessons.key,
      matrix: { entity: 'student', period: 'day', labels: 'SELECT id, nam FROM students' },
    })
    await expect(once.matrix(wrong)).rejects.toMatchObject({
      code: 'EXPRESSION_INVALID',
      message: expect.stringContaining('nam'),
    })
  })
})
