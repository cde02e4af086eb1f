import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, oneOf, set, text } from '../../src/index.ts'
import { toJson } from '../../src/rows/json-value.ts'
import { type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`
    CREATE TABLE series (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, days jsonb, hours int[],
      kind text DEFAULT 'plain', note text)`)
  await opened.once.enforce(series)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE series RESTART IDENTITY'))

const series = guard('series', {
  table: 'series',
  key: {
    name: text({ trim: true, fold: true, forbid: ['unknown'] }),
    days: set(),
    hours: set({ nulls: 'equal' }),
    kind: oneOf('plain', 'EXTRA'),
  },
  show: ['name'],
})

const row = { name: 'Math', days: [1, 3], hours: [9] }

const insert = async (...rows: readonly unknown[]) =>
  (await opened.once.insert(series, rows as never)).verdicts

describe('a key', () => {
  test('is canonical in the verdict, and as it was written in the row', async () => {
    const verdicts = await insert(
      { ...row, name: '  MATH ', days: [3, 1, 3] },
      row,
      { ...row, days: [1] },
      { ...row, hours: null },
      { name: 'math', days: [1, 3] },
    )
    const key = { name: 'math', days: [1, 3], hours: [9], kind: 'plain' }
    expect(verdicts).toMatchObject([
      { verdict: 'created', key, row: { name: '  MATH ' } },
      { verdict: 'collided', key, firstIndex: 0 },
      { verdict: 'created', key: { ...key, days: [1] } },
      { verdict: 'created', key: { ...key, hours: null } },
      { verdict: 'collided', key: { ...key, hours: null }, firstIndex: 3 },
    ])
  })

  test.each([
    ['a part is missing', { days: [1] }, 'name: it is NULL'],
    ['a part is NULL', { ...row, days: null }, 'days: it is NULL'],
    ['a value is forbidden', { ...row, name: ' Unknown' }, 'name: the value is forbidden'],
    ['a value is none of the few', { ...row, kind: 'other' }, 'kind: it is not plain or EXTRA'],
    ['a text is a number', { ...row, name: 7 }, 'name: it is not a text'],
    ['a text has a lone surrogate', { ...row, name: 'a\ud800' }, 'name: it contains a lone'],
    ['a text has a NUL', { ...row, name: 'a\0b' }, 'name: it contains a NUL'],
    ['a set is no array', { ...row, days: { 1: true } }, 'days: it is not an array'],
    ['a set has an object', { ...row, days: [{}] }, 'days: its items are not all'],
    ['a column does not exist', { ...row, colour: 'red' }, 'colour: there is no such column'],
  ])('cannot be, so that its row is invalid, where %s', async (_, values, reason) => {
    const verdicts = await insert(values, row)
    expect(verdicts).toMatchObject([{ index: 0, verdict: 'invalid' }, { verdict: 'created' }])
    expect(verdicts[0]?.reason).toContain(reason)
    const events = await opened.once.events({ verdict: 'invalid', limit: 1 })
    expect(events[0]?.reason).toContain(reason)
  })

  test('that cannot be written down is written as far as it can', async () => {
    const [first, second] = await insert({ ...row, name: 'a\0\ud800' }, { ...row, name: () => 1 })
    expect(first?.key.name).toBe('a\ufffd\ufffd')
    expect(second?.key.name).toBeNull()
  })
})

describe('a row', () => {
  test.each([null, undefined, 7, 'text', [row]])('that is no object is invalid: %j', async (no) => {
    expect(await insert(no, row)).toMatchObject([
      { verdict: 'invalid', reason: 'the row is not an object' },
      { verdict: 'created' },
    ])
  })

  test('may be an object of a class, whose own values count, not what toJSON says', async () => {
    class Series {
      name = 'Art'
      days = [5]
      get note() {
        return 'derived'
      }
      toJSON() {
        return { title: this.name }
      }
    }
    const [made] = await insert(new Series())
    expect(made).toMatchObject({ verdict: 'created', row: { name: 'Art' } })
    expect(await opened.query('SELECT note FROM series')).toEqual([{ note: null }])
  })

  test('may have no prototype', async () => {
    expect(await insert(Object.assign(Object.create(null), row))).toMatchObject([
      { verdict: 'created' },
    ])
  })
})

test('an input that is too long for one text is refused with the way out', () => {
  const long = 'x'.repeat(2 ** 28)
  expect(() => toJson([long, long, long])).toThrow(
    expect.objectContaining({
      code: 'INPUT_INVALID',
      fix: expect.stringContaining('insertStream'),
    }),
  )
})
