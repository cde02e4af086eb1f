import { describe, expect, test } from 'vitest'
import { given, readKey, readRange, wholeNumber } from '../../src/cli/option-values.ts'

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

  test.each(['', 'october', 'from=1,to', '=1', '[1]', '{', '{"a":1}, b=2'])(
    'is refused where it is %j',
    (text) => {
      expect(() => readRange(text)).toThrow('neither a JSON object nor a list of name=value')
    },
  )
})

test('a name that a range has twice is named', () => {
  expect(() => readRange('a=1,b=2, a=2')).toThrow('a is given twice')
})

test('a key is an object of JSON', () => {
  expect(readKey('{"day":"2025-10-01"}')).toEqual({ day: '2025-10-01' })
  for (const text of ['7', '[7]', 'null', 'day=7', '']) {
    expect(() => readKey(text)).toThrow(`--key ${text} is no JSON`)
  }
})

test('a number is from and to where it may be', () => {
  expect(wholeNumber('--n', '1', { from: 1, to: 9 })).toBe(1)
  for (const text of ['0', '10']) {
    expect(() => wholeNumber('--n', text, { from: 1, to: 9 })).toThrow(
      `--n ${text} is out of range`,
    )
  }
})

test.each(['', '-1', '1.5', '1e3', 'ten', '9999999999999999'])('%j is no whole number', (text) => {
  expect(() => wholeNumber('--limit', text)).toThrow(`--limit ${text} is not a whole number.`)
})

test('options that were not given are left out', () => {
  expect(given({ a: 1, b: undefined, c: null })).toEqual({ a: 1, c: null })
})
