import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, type Handle, int, sql, text } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
let client: pg.Client
beforeAll(async () => {
  opened = await open(`${LESSONS}; CREATE TABLE mine (n int)`)
  client = new pg.Client({ connectionString: opened.db.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await opened.close()
})
beforeEach(async () => {
  await client.query('ROLLBACK')
  await opened.query('TRUNCATE lesson, mine, onceover.run RESTART IDENTITY')
})

const teachers = async () =>
  (await opened.query('SELECT teacher FROM lesson ORDER BY teacher')).map((row) => row.teacher)

const mine = async () => (await opened.query('SELECT n FROM mine ORDER BY n')).map(({ n }) => n)

/** Every value as the text that PostgreSQL sent, and JSON parameters made JSON once more. */
const unparsed = (inner: pg.ClientBase): Handle => ({
  query: async (statement, values) => {
    const { rows, rowCount } = await inner.query({
      text: statement,
      values: values ?? [],
      types: { getTypeParser: () => (value: unknown) => value },
    })
    return { rows, rowCount }
  },
})

/** As postgres.js does it: a parameter of type json is written as JSON, a text included. */
const postgresJs = (inner: pg.ClientBase): Handle => ({
  query: (statement, values = []) => {
    const sent = values.map((value, place) =>
      new RegExp(`\\$${place + 1}::jsonb?\\b`).test(statement) ? JSON.stringify(value) : value,
    )
    return inner.query(statement, sent)
  },
})

const wrapped = (inner: pg.ClientBase): Handle => ({
  query: (statement, values) => inner.query(statement, values),
})

describe.each([
  ['a pg Client', (inner: pg.ClientBase): Handle => inner],
  ['a { query } around it', wrapped],
  ['a driver that parses nothing', unparsed],
  ['a driver that writes JSON parameters itself', postgresJs],
])('with a transaction of %s', (_, wrap) => {
  test('rows, reads and events are the caller’s to commit', async () => {
    const handle = wrap(client)
    await client.query('BEGIN')
    await client.query('INSERT INTO mine VALUES (1)')
    const first = await opened.once.insert(
      lessons,
      [lesson(1), lesson(1), lesson(2, { seats: 0 }), lesson(3)],
      { handle },
    )
    expect(first.totals).toMatchObject({ created: 2, collided: 1, failed: 1 })
    const second = await opened.once.insert(lessons, [lesson(3), lesson(4)], { handle })
    expect(second.verdicts.map(({ verdict }) => verdict)).toEqual(['skipped', 'created'])
    const selected = await opened.once.insert(
      lessons,
      sql`SELECT teacher + 2 AS teacher, day, slot FROM lesson WHERE teacher > ${0}`,
      { handle },
    )
    expect(selected.totals).toMatchObject({ rows: 3, created: 2, skipped: 1 })
    const one = await opened.once.insertOne(lessons, lesson(9), { handle })
    expect(one.verdict).toBe('created')
    const preview = await opened.once.preview(lessons, [lesson(9)], { handle })
    expect(preview.totals.skipped).toBe(1)
    expect(await teachers()).toEqual([])
    await client.query('COMMIT')
    expect(await teachers()).toEqual([1, 3, 4, 5, 6, 9])
    expect(await mine()).toEqual([1])
    expect(await opened.query('SELECT FROM onceover.run')).toHaveLength(4)
  })

  test('rows and events go when the caller rolls back', async () => {
    await client.query('BEGIN')
    await opened.once.insert(lessons, [lesson(1)], { handle: wrap(client) })
    await client.query('ROLLBACK')
    expect(await teachers()).toEqual([])
    expect(await opened.query('SELECT FROM onceover.run')).toEqual([])
  })
})

describe('nothing poisons the caller’s transaction', () => {
  const refused: [string, (handle: Handle) => Promise<unknown>, string][] = [
    [
      'a guard that is not enforced',
      (handle) => {
        const loose = guard('loose', { table: 'lesson', key: { slot: text() } })
        return opened.once.insert(loose, [{ slot: 'x' }], { handle })
      },
      'GUARD_NOT_ENFORCED',
    ],
    [
      'a table that is not there',
      (handle) => {
        const gone = guard('gone', { table: 'gone', key: { slot: text() } })
        return opened.once.insert(gone, [{ slot: 'x' }], { handle })
      },
      'TABLE_NOT_FOUND',
    ],
    [
      'SQL of a guard that PostgreSQL refuses',
      (handle) => {
        const wrong = guard('wrong', {
          table: 'lesson',
          key: { teacher: int() },
          where: 'nonsense',
        })
        return opened.once.insert(wrong, [{ teacher: 1 }], { handle })
      },
      'EXPRESSION_INVALID',
    ],
    [
      'a rejected input',
      (handle) =>
        opened.once.insert(lessons, [lesson(1), lesson(1)], { handle, onDuplicate: 'reject' }),
      'ROWS_REJECTED',
    ],
    [
      'a SELECT that PostgreSQL refuses',
      (handle) => opened.once.insert(lessons, sql`SELECT 1 / 0 AS teacher`, { handle }),
      'QUERY_FAILED',
    ],
    [
      'a SELECT of a column that is not there',
      (handle) => opened.once.insert(lessons, sql`SELECT 1 AS nonsense`, { handle }),
      'COLUMN_NOT_FOUND',
    ],
    [
      'a rejected SELECT',
      (handle) =>
        opened.once.insert(lessons, sql`SELECT 1 AS teacher FROM generate_series(1, 2)`, {
          handle,
          onDuplicate: 'reject',
        }),
      'ROWS_REJECTED',
    ],
    [
      'an input that is none',
      (handle) => opened.once.insert(lessons, 7 as never, { handle }),
      'INPUT_INVALID',
    ],
  ]

  test.each(refused)('%s', async (_, call, code) => {
    await opened.once.transaction(async (handle) => {
      await handle.query('INSERT INTO mine VALUES (1)')
      await expect(call(handle)).rejects.toMatchObject({ code })
      await opened.once.insert(lessons, [lesson(5)], { handle })
    })
    expect([await mine(), await teachers()]).toEqual([[1], [5]])
  })

  test('not even all of them, one after the other, with bad rows between', async () => {
    await opened.once.transaction(async (handle) => {
      for (const [place, [, call, code]] of refused.entries()) {
        await expect(call(handle)).rejects.toMatchObject({ code })
        const input = [lesson(place), lesson(100, { seats: 0 }), lesson(101, { seats: 'x' })]
        const { totals } = await opened.once.insert(lessons, input, { handle })
        expect(totals).toMatchObject({ created: 1, failed: 1, invalid: 1 })
      }
    })
    expect(await teachers()).toEqual(refused.map((_, place) => place))
  })

  test('nor calls at once on one handle, which take turns', async () => {
    await opened.once.transaction(async (handle) => {
      const calls = Array.from({ length: 6 }, (_, place) =>
        opened.once
          .insert(lessons, [lesson(place), lesson(place + 10, { seats: place % 2 })], {
            handle,
            onDuplicate: place % 3 === 2 ? 'reject' : 'skip',
          })
          .then(
            ({ totals }) => totals.created,
            ({ code }) => code,
          ),
      )
      expect(await Promise.all(calls)).toEqual([1, 2, 'ROWS_REJECTED', 2, 1, 2])
    })
    expect(await teachers()).toEqual([0, 1, 3, 4, 5, 11, 13, 15])
  })
})
