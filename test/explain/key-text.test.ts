import { describe, expect, test } from 'vitest'
import { type KeyTextPart, readKey } from '../../src/explain/key-text.ts'

const part = (sql: string, type = 'text', nullable = false): KeyTextPart => {
  return { sql, type, nullable }
}

describe('the key of a DETAIL', () => {
  const parts = [part('a', 'integer'), part('b')]

  test.each([
    ['English', 'Key (a, b)=(1, x) already exists.'],
    ['German', 'Schlüssel »(a, b)=(1, x)« existiert bereits.'],
    ['French', 'La clé « (a, b)=(1, x) » existe déjà.'],
    ['Japanese', 'キー (a, b)=(1, x) はすでに存在します。'],
    ['a log', '2025-09-08 10:00:00 UTC [7] DETAIL:  Key (a, b)=(1, x) already exists.'],
  ])('is read in %s', (_, detail) => {
    expect(readKey(detail, parts)).toEqual([['1', 'x']])
  })

  test('may hold parentheses, quotes and line ends', () => {
    expect(readKey(`Key (a, b)=(1, a "b" (c)\nd)) already exists.`, parts)).toEqual([
      ['1', 'a "b" (c)\nd)'],
    ])
  })

  test('is found by quoted columns and by expressions', () => {
    const odd = [part('"Order No"', 'integer'), part('lower((email)::text)')]
    expect(readKey('Key ("Order No", lower(email::text))=(1, x) already exists.', odd)).toEqual([])
    const detail = 'Key ("Order No", lower((email)::text))=(1, a@b) already exists.'
    expect(readKey(detail, odd)).toEqual([['1', 'a@b']])
  })

  test('has one reading where the types leave one, whatever commas a text has', () => {
    const typed = [part('day', 'date'), part('name'), part('id', 'uuid')]
    const id = '9a000000-0000-4000-8000-000000000001'
    const detail = `Key (day, name, id)=(2025-09-08, Doe, Jane, Dr., ${id}) already exists.`
    expect(readKey(detail, typed)).toEqual([['2025-09-08', 'Doe, Jane, Dr.', id]])
  })

  test('has several where two texts could share the commas', () => {
    const both = [part('a'), part('b')]
    expect(readKey('Key (a, b)=(x, y, z) already exists.', both)).toEqual([
      ['x', 'y, z'],
      ['x, y', 'z'],
    ])
  })

  test('takes null for NULL only where NULL can be refused, and for the word too', () => {
    expect(readKey('Key (a)=(null) already exists.', [part('a')])).toEqual([['null']])
    expect(readKey('Key (a)=(null) already exists.', [part('a', 'text', true)])).toEqual([
      [null],
      ['null'],
    ])
    expect(readKey('Key (a)=(null) already exists.', [part('a', 'integer', true)])).toEqual([
      [null],
    ])
  })

  test('is, of an exclusion, the one attempted, whose range ends in a parenthesis', () => {
    const detail =
      'Key (room, during)=(1, ["2025-01-01 10:00:00","2025-01-01 11:00:00")) conflicts with ' +
      'existing key (room, during)=(1, ["2025-01-01 10:30:00","2025-01-01 12:00:00")).'
    expect(readKey(detail, [part('room', 'integer'), part('during', 'tsrange')])).toEqual([
      ['1', '["2025-01-01 10:00:00","2025-01-01 11:00:00")'],
    ])
  })

  test('is none where the DETAIL is about other columns', () => {
    expect(readKey('Key (c)=(1) already exists.', parts)).toEqual([])
    expect(readKey('Failing row contains (1, x).', parts)).toEqual([])
  })

  test('is not looked for without end where a text has very many commas', () => {
    const many = Array.from({ length: 60 }, (_, at) => at).join(', ')
    const three = [part('a'), part('b'), part('c')]
    expect(readKey(`Key (a, b, c)=(${many}) already exists.`, three)).toHaveLength(200)
  })

  test('is given up where a text has thousands of commas and most ways lead nowhere', () => {
    const three = [part('a', 'text'), part('b', 'text'), part('c', 'integer')]
    const many = `Key (a, b, c)=(${', '.repeat(100_000)}x, 5) already exists.`
    expect(readKey(many, three).length).toBeLessThan(200)
  })
})
