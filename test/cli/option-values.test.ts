import { describe, expect, test } from 'vitest'
import { given, readRange, wholeNumber } from '../../src/cli/option-values.ts'

describe('a range', () => {
  test.each([
    ['from=2025-10-01,to=2025-10-31', { from: '2025-10-01', to: '2025-10-31' }],
    [' from = 2025-10-01 , class=7 b', { from: '2025-10-01', class: '7 b' }],
    ['filter=a=b,empty=', { filter: 'a=b', empty: '' }],
    [' {"students": [1, 2], "from": "2025-10-01"}', { students: [1, 2], from: '2025-10-01' }],
    ['{}', {}],
  ])('is read from %s', (text, range) => {
    expect(readRange(text)).toEqual(range)
  })

  test.each(['', 'october', 'from=1,to', 'a=1,a=2', '=1', '[1]', '{', '{"a":1}, b=2'])(
    'is refused where it is %j',
    (text) => {
      expect(() => readRange(text)).toThrow('neither a JSON object nor a list of name=value')
    },
  )
})

test.each(['', '-1', '1.5', '1e3', 'ten', '9999999999999999'])('%j is no whole number', (text) => {
  expect(() => wholeNumber('--limit', text)).toThrow(`--limit ${text} is not a whole number.`)
})

test('options that were not given are left out', () => {
  expect(given({ a: 1, b: undefined, c: null })).toEqual({ a: 1, c: null })
})
