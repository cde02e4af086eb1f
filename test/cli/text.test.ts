import { describe, expect, test } from 'vitest'
import {
  count,
  displayWidth,
  oneLine,
  printable,
  seconds,
  shellWord,
  shorten,
  some,
  span,
} from '../../src/cli/text.ts'

describe('displayWidth', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['日本', 4],
    ['ｱ', 1],
    ['Ａ', 2],
    ['한국', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['\u{1f469}\u200d\u{1f467}', 2],
    ['\u2764\ufe0f', 2],
    ['\u{1f1e9}\u{1f1ea}', 2],
    ['×…·', 3],
    ['\u200b', 0],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })
})

describe('printable', () => {
  test('shows what would move the cursor or change colours', () => {
    expect(printable('a\u001b[31mb\tc\rd\u009be\u202ef')).toBe(
      'a\\u001b[31mb\\u0009c\\u000dd\\u009be\\u202ef',
    )
  })

  test('keeps lines apart, and oneLine does not', () => {
    expect(printable('a\nb')).toBe('a\nb')
    expect(oneLine('a\nb')).toBe('a\\nb')
  })
})

describe('shorten', () => {
  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['abc', 1, '…'],
  ])('%j to %i columns is %j', (text, columns, expected) => {
    expect(shorten(text, columns)).toBe(expected)
    expect(displayWidth(expected)).toBeLessThanOrEqual(columns)
  })
})

test('a text of a megabyte is measured and cut in the memory there is', () => {
  for (const sign of ['n', '日']) {
    const long = sign.repeat(1_000_000)
    expect(displayWidth(long)).toBe(1_000_000 * displayWidth(sign))
    expect(shorten(long, 9)).toBe(`${sign.repeat(8 / displayWidth(sign))}…`)
  }
})

test.each([
  [0, '0 s'],
  [27_001, '28 s'],
  [120_000, '2 min'],
  [121_000, '3 min'],
  [7_200_000, '2 h'],
])('%i ms are %s', (ms, words) => {
  expect(span(ms)).toBe(words)
})

test('a moment has no fractions of a second', () => {
  expect(seconds('2025-10-23T20:00:00.123456Z')).toBe('2025-10-23T20:00:00Z')
})

test.each([
  ['reports', 'reports'],
  ['{"a":"b"}', `'{"a":"b"}'`],
  [`it's`, String.raw`'it'\''s'`],
  ['', `''`],
])('%s is one word of a shell: %s', (text, word) => {
  expect(shellWord(text)).toBe(word)
})

test('counts have their thousands apart and their nouns right', () => {
  expect(count(1234567)).toBe('1,234,567')
  expect(some(1, 'row')).toBe('1 row')
  expect(some(0, 'row')).toBe('0 rows')
  expect(some(2000, 'key', 'keys')).toBe('2,000 keys')
})
