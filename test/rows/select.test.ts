import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, rejectedVerdicts, sql, text } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`${LESSONS};
    CREATE TABLE wish (teacher int, day text, slot text, seats text, code text, hint jsonb);
    CREATE DOMAIN short AS varchar(3);
    CREATE TABLE word (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word varchar(5) CONSTRAINT word_once UNIQUE,
      short short, fixed char(4), bits bit(3), late int CONSTRAINT late UNIQUE DEFERRABLE
        INITIALLY DEFERRED, doubled text GENERATED ALWAYS AS (word || word) STORED)`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE lesson, wish, word, onceover.run RESTART IDENTITY'))

const wish = (from: number, to: number, extra = "'10:20', '7', NULL") =>
  opened.query(`INSERT INTO wish (teacher, day, slot, seats, code)
    SELECT n, '2025-10-23', ${extra} FROM generate_series(${from}, ${to}) AS n`)

const WISHES = sql`SELECT teacher, day, slot, seats, code FROM wish`

const eventsOf = async (run: string | undefined) => {
  const events = await opened.once.events({ run: String(run) })
  return events.map(({ verdict, keys }) => [verdict, keys.length]).sort()
}

describe('insert of a SELECT', () => {
  test('takes parameters, casts columns, and tells what came of the rows in totals', async () => {
    await wish(1, 10)
    await opened.once.insert(lessons, [lesson(3), lesson(4)])
    const { run, totals, verdicts } = await opened.once.insert(
      lessons,
      sql`SELECT teacher, day, slot, seats FROM wish WHERE teacher > ${1} AND slot = ${'10:20'}
          -- a comment ends it`,
      { reason: 'term', actor: 'cron' },
    )
    expect(totals).toMatchObject({ rows: 9, created: 7, skipped: 2 })
    expect(verdicts).toEqual([])
    expect(await eventsOf(run)).toEqual([
      ['created', 7],
      ['skipped', 2],
    ])
    const [stored] = await opened.query('SELECT * FROM onceover.run WHERE id = $1', [run])
    expect(stored).toMatchObject({ created: '7', skipped: '2', reason: 'term', actor: 'cron' })
    const seats = await opened.query('SELECT DISTINCT seats FROM lesson ORDER BY seats')
    expect(seats).toEqual([{ seats: 7 }, { seats: 20 }])
  })

  test('sets aside the rows that are equal', async () => {
    await wish(1, 5)
    await wish(4, 8)
    const { totals } = await opened.once.insert(lessons, WISHES)
    expect(totals).toMatchObject({ rows: 10, created: 8, collided: 2 })
  })

  test('of no rows makes none, and records a run', async () => {
    const { run, totals } = await opened.once.insert(lessons, WISHES)
    expect(totals).toMatchObject({ rows: 0, created: 0 })
    expect(await opened.query('SELECT created FROM onceover.run WHERE id = $1', [run])).toEqual([
      { created: '0' },
    ])
  })

  test.each([
    ['nonsense', sql`SELECT 1 AS nonsense`],
    ['doubled', sql`SELECT 'a' AS word, 'b' AS doubled`],
    ['id', sql`SELECT 1 AS id, 'a' AS word`],
  ])('refuses the column %s', async (column, select) => {
    const words = guard('words', { table: 'word', key: { word: text() } })
    const call = opened.once.insert(words, select)
    await expect(call).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND', details: { column } })
    expect(await opened.query("SELECT FROM pg_class WHERE relname LIKE 'onceover_%'")).toEqual([])
  })

  test('refuses a SELECT without columns', async () => {
    const call = opened.once.insert(lessons, sql`SELECT FROM generate_series(1, 3)`)
    await expect(call).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' })
  })

  test('splits its events by the thousand', async () => {
    await wish(1, 2500)
    const { run } = await opened.once.insert(lessons, WISHES)
    expect(await eventsOf(run)).toEqual([
      ['created', 1000],
      ['created', 1000],
      ['created', 500],
    ])
  })

  test('can be done twice in one transaction', async () => {
    await wish(1, 3)
    const totals = await opened.once.transaction(async (handle) => {
      const first = await opened.once.insert(lessons, WISHES, { handle })
      await handle.query("INSERT INTO wish (teacher, day, slot) VALUES (9, '2025-10-23', '10:20')")
      const second = await opened.once.insert(lessons, WISHES, { handle })
      return [first.totals, second.totals]
    })
    expect(totals).toMatchObject([{ created: 3 }, { created: 1, skipped: 3 }])
  })

  test('replaces, and allows copies, as an array does', async () => {
    await wish(1, 4)
    await opened.once.insert(lessons, [lesson(1), lesson(2)])
    const { totals } = await opened.once.insert(lessons, WISHES, { onDuplicate: 'replace' })
    expect(totals).toMatchObject({ replaced: 2, created: 2 })
    expect(await opened.query('SELECT seats FROM lesson')).toEqual(Array(4).fill({ seats: 7 }))
  })
})

describe('a selected row that breaks a constraint', () => {
  test('fails alone, with its reason in the events', async () => {
    await wish(1, 40)
    await opened.query("UPDATE wish SET seats = '0' WHERE teacher = 7")
    await opened.query("UPDATE wish SET seats = 'many' WHERE teacher = 9")
    await opened.query("UPDATE wish SET code = 'same' WHERE teacher IN (20, 30)")
    const { run, totals, verdicts } = await opened.once.insert(lessons, WISHES)
    expect(totals).toMatchObject({ rows: 40, created: 37, failed: 2, invalid: 1 })
    expect(verdicts).toMatchObject([
      { verdict: 'failed', key: { teacher: 7 }, constraint: 'lesson_seats_positive' },
      { verdict: 'invalid', key: { teacher: 9 }, sqlstate: '22P02' },
      { verdict: 'failed', key: { teacher: 30 }, constraint: 'lesson_code_unique' },
    ])
    expect(await eventsOf(run)).toEqual([
      ['created', 37],
      ['failed', 1],
      ['failed', 1],
      ['invalid', 1],
    ])
    const [stored] = await opened.query('SELECT * FROM onceover.run WHERE id = $1', [run])
    expect(stored).toMatchObject({ created: '37', failed: '2', invalid: '1' })
  })

  test('does not keep equal rows from meeting', async () => {
    await wish(1, 10)
    await wish(1, 10)
    await opened.query("UPDATE wish SET seats = '0' WHERE teacher = 5")
    await opened.once.insert(lessons, [lesson(10)])
    const { run, totals } = await opened.once.insert(lessons, WISHES)
    expect(totals).toMatchObject({ rows: 20, created: 8, skipped: 1, collided: 10, failed: 1 })
    expect(await eventsOf(run)).toEqual([
      ['collided', 10],
      ['created', 8],
      ['failed', 1],
      ['skipped', 1],
    ])
  })

  test.each([
    ['a text too long for its column', "'abcdef' AS word", '22001'],
    ['a text too long for its domain', "'a' AS word, 'abcd' AS short", '22001'],
    ['a text too long for char(4)', "'a' AS word, 'abcde' AS fixed", '22001'],
    ['too many bits', "'a' AS word, '1010' AS bits", '22026'],
  ])('is never cut to fit: %s', async (_, columns, sqlstate) => {
    const words = guard('words', { table: 'word', key: { word: text() } })
    const { verdicts } = await opened.once.insert(words, sql`SELECT ${sql.raw(columns)}`)
    expect(verdicts).toMatchObject([{ verdict: 'invalid', sqlstate }])
    expect(await opened.query('SELECT FROM word')).toEqual([])
  })

  test('fails alone where the constraint is deferred', async () => {
    const words = guard('words', { table: 'word', key: { word: text() } })
    const select = sql`SELECT n::text AS word, n / 2 AS late FROM generate_series(2, 6) AS n`
    const { totals } = await opened.once.insert(words, select)
    expect(totals).toMatchObject({ rows: 5, created: 3, failed: 2 })
  })
})

describe('a rejected SELECT', () => {
  const reject = { onDuplicate: 'reject' } as const

  test('writes nothing, lists every duplicate, and is recorded', async () => {
    await wish(1, 4)
    await wish(2, 2)
    await opened.once.insert(lessons, [lesson(3)])
    const error = await opened.once.insert(lessons, WISHES, reject).catch((caught) => caught)
    expect(error).toMatchObject({ code: 'ROWS_REJECTED' })
    expect(rejectedVerdicts(error)).toMatchObject([
      { index: 2, verdict: 'skipped', key: { teacher: 3 }, existing: { id: 1, seats: 20 } },
      { index: 4, verdict: 'collided', key: { teacher: 2 }, firstIndex: 1 },
    ])
    expect(await opened.query('SELECT teacher FROM lesson')).toEqual([{ teacher: 3 }])
    const [run] = await opened.query("SELECT * FROM onceover.run WHERE policy = 'reject'")
    expect(run).toMatchObject({ created: '0', skipped: '1', collided: '1' })
    expect(await eventsOf(String(run?.id))).toEqual([
      ['collided', 1],
      ['skipped', 1],
    ])
  })

  test('lists the rows that break a constraint too', async () => {
    await wish(1, 3)
    await opened.query("UPDATE wish SET seats = '0' WHERE teacher = 2")
    const select = sql`${WISHES} ORDER BY teacher`
    const error = await opened.once.insert(lessons, select, reject).catch((caught) => caught)
    expect(rejectedVerdicts(error)).toMatchObject([{ index: 1, verdict: 'failed' }])
    expect(await opened.query('SELECT FROM lesson')).toEqual([])
  })

  test('that has no duplicate makes every row', async () => {
    await wish(1, 3)
    const { totals, run } = await opened.once.insert(lessons, WISHES, reject)
    expect(totals).toMatchObject({ created: 3 })
    expect(await eventsOf(run)).toEqual([['created', 3]])
  })
})

test('selecting the same rows at once makes each of them once', async () => {
  await wish(1, 500)
  const calls = await Promise.all(
    Array.from({ length: 6 }, () => opened.once.insert(lessons, sql`${WISHES} ORDER BY random()`)),
  )
  const created = calls.reduce((sum, { totals }) => sum + totals.created, 0)
  const skipped = calls.reduce((sum, { totals }) => sum + totals.skipped, 0)
  expect([created, skipped]).toEqual([500, 2500])
})

test('no selected row passes through Node', async () => {
  await wish(1, 20_000)
  const words: number[] = []
  const { totals } = await opened.once.transaction(async (handle) =>
    opened.once.insert(lessons, WISHES, {
      handle: {
        query: async (statement, values) => {
          const answer = await handle.query(statement, values)
          words.push(JSON.stringify([values, answer.rows]).length)
          return answer
        },
      },
    }),
  )
  expect(totals.created).toBe(20_000)
  expect(Math.max(...words)).toBeLessThan(10_000)
})
