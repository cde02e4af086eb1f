import { expect, test } from 'vitest'
import { guard, int, set, text } from '../../src/index.ts'
import { asValues, keyOfQuery, partsOfQuery } from '../../src/server/key-values.ts'

const series = guard('series', {
  table: 'series',
  key: { teacher: int(), days: set(), room: text({ nulls: 'equal' }), limit: text() },
})

test('a key in a query has texts as they are, and all else as JSON', () => {
  const query = { teacher: '9007199254740993', days: '[3,1]', room: 'null', 'part.limit': '"null"' }
  expect(keyOfQuery(series, { ...query, cursor: 'abc' })).toEqual({
    key: { teacher: 9007199254740993n, days: [3, 1], room: null, limit: 'null' },
    rest: { cursor: 'abc' },
  })
  expect(keyOfQuery(series, { room: '[half' }).key).toEqual({ room: '[half' })
  expect(() => keyOfQuery(series, { cursor: 'abc' })).toThrow('names no key')
})

test('a list is narrowed by what is called a part', () => {
  expect(partsOfQuery({ guard: 'series', 'part.room': '', 'part.limit': 'null' })).toEqual({
    room: '',
    limit: null,
  })
  expect(partsOfQuery({ guard: 'series' })).toBeUndefined()
})

test('of values only whole numbers are read from text, and only where the part is one', () => {
  const row = { teacher: '-7', room: '8', days: ['1'], note: '9' }
  expect(asValues(series, row)).toEqual({ ...row, teacher: -7 })
  expect(asValues(series, { teacher: '7.5' })).toEqual({ teacher: '7.5' })
})
