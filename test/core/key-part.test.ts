import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  column,
  date,
  expression,
  int,
  type KeyPart,
  OnceoverError,
  oneOf,
  set,
  text,
  time,
  timestamp,
  uuid,
} from 'onceover'
import { describe, expect, test } from 'vitest'

const named = (values: readonly unknown[]): [string, unknown][] =>
  values.map((value) => [inspect(value), value])

const cases = (part: KeyPart, taken: readonly unknown[], refused: readonly unknown[]) => {
  test.each(named(taken))('takes %s', (_, value) => {
    expect(part.refuse(value)).toBeUndefined()
  })
  test.each(named(refused))('refuses %s with a reason', (_, value) => {
    expect(part.refuse(value)).toMatch(/\w+ \w+/)
  })
}

const NO_TEXTS = [undefined, null, Number.NaN, Number.POSITIVE_INFINITY, {}, [], () => 1, 1n]

describe('date()', () => {
  cases(
    date(),
    ['2025-10-23', '2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'],
    [
      ...[...NO_TEXTS, '', '2025-2-3', '2025-02-29', '1900-02-29', '2025-00-10', '2025-13-01'],
      ...['2025-04-31', '2025-10-23T00:00', '23.10.2025', '0000-01-01', 'today', 'infinity'],
      ...['2025-10-23 ', '２０２５-10-23', '2025-10-23\n', new Date(0), 20251023],
    ],
  )
})

describe('time()', () => {
  cases(
    time(),
    ['20:00', '20:00:59', '00:00:00.000001', '23:59:59.999999', '20:00:00+02', '20:00-05:30'],
    [
      ...[...NO_TEXTS, '', '24:00', '7:00', '20:60', '20:00:60', '20', '8 PM', 'now', '20:00 '],
      ...['20:00:00.1234567', '20:00:00,5', new Date(0)],
    ],
  )
})

describe('timestamp()', () => {
  cases(
    timestamp(),
    [
      ...['2025-10-23T20:00Z', '2025-10-23 20:00:00', '2025-10-23T20:00:00.000001+02:00'],
      ...['2025-10-23T20:00:00-0530', new Date(0), new Date('2025-10-26T00:30:00Z')],
    ],
    [
      ...[...NO_TEXTS, '', '2025-10-23', '2025-02-29T10:00Z', '2025-10-23T24:00Z', 'now', 0],
      ...['2025-10-23T20:00:60Z', '2025-10-23T20:00:00.1234567Z', '2025-10-23T20:00 CET'],
      new Date(Number.NaN),
    ],
  )

  test('refuses a Date of a year that its text cannot hold', () => {
    expect(timestamp().refuse(new Date('+012025-01-01T00:00:00Z'))).toMatch(/year/)
    expect(timestamp().refuse(new Date('-000001-01-01T00:00:00Z'))).toMatch(/year/)
  })
})

describe('uuid()', () => {
  const id = '6f1c2a34-0000-4000-8000-00000000abcd'
  cases(
    uuid(),
    [id, id.toUpperCase()],
    [...NO_TEXTS, '', `{${id}}`, id.replaceAll('-', ''), `${id} `, `${id}0`, id.replace('f', 'g')],
  )
})

describe('int()', () => {
  const { MAX_SAFE_INTEGER: most } = Number
  cases(
    int(),
    [0, -0, most, -most],
    [undefined, null, {}, Number.NaN, Number.NEGATIVE_INFINITY, 1.5, most + 1, '1', '', true, [1]],
  )

  test('takes a bigint up to 64 bits', () => {
    for (const value of [BigInt(most) + 2n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(int().refuse(value)).toBeUndefined()
    }
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n])
      expect(int().refuse(value)).toMatch(/bigint/)
  })
})

describe('text()', () => {
  cases(
    text(),
    ['', ' ', 'a', 'é', 'e\u0301', '\u{1F600}', '\u{10FFFF}', '\uFFFD', '\u0001'],
    [...NO_TEXTS, 'a\0', '\0', '\ud800', 'a\udc00b', '\udc00\ud800', new String('a'), 5],
  )

  test('takes exactly the well-formed texts without NUL', () => {
    const any = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(any, (value) => {
        const kept = Buffer.from(value).toString() === value && !value.includes('\0')
        expect(text().refuse(value) === undefined).toBe(kept)
      }),
    )
  })
})

describe('oneOf()', () => {
  cases(oneOf('A', 'B'), ['A', 'B'], [...NO_TEXTS, '', 'a', 'A ', 'C'])
})

describe('set()', () => {
  cases(
    set(),
    [[], [1, 3], ['a', 'b'], [true], [1, 'a'], [-0, 0]],
    [
      ...[undefined, null, {}, 'a', 1, [null], [undefined], [Number.NaN], ['a\0'], ['\ud800']],
      ...[[[1]], [{}], [Number.MAX_SAFE_INTEGER + 1], [() => 1], new Array(1)],
    ],
  )

  test('refuses items that are bigints: JSON has no such number', () => {
    expect(set().refuse([1n])).toMatch(/items/)
  })
})

describe('column()', () => {
  cases(
    column(),
    ['', 'a', 1, -1.5, true, { a: 1 }, [1], new Date(0), Buffer.from('a')],
    ['a\0', '\ud800', Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1, Symbol('a')],
  )
})

describe('a part is refused', () => {
  const codeOf = (make: () => unknown): unknown => {
    try {
      make()
    } catch (error) {
      return error instanceof OnceoverError ? [error.code, error.message] : error
    }
    return undefined
  }

  test.each<
    [why: string, make: (...options: never[]) => unknown, options: unknown[], fault: RegExp]
  >([
    ['with an unknown option', date, [{ null: 'equal' }], /date\(\) has no option null/],
    ['with an option of another part', uuid, [{ trim: true }], /uuid\(\) has no option trim/],
    ['with unknown NULLs', int, [{ nulls: 'same' }], /nulls is 'reject', 'equal' or 'distinct'/],
    ['with options that are a text', text, ['trim'], /the options of text\(\) are no object/],
    ['with a trim that is a text', text, [{ trim: 'yes' }], /trim is true or false/],
    ['with a fold that is a number', text, [{ fold: 1 }], /fold is true or false/],
    ['with forbidden values that are one', text, [{ forbid: 'x' }], /forbid is a list of texts/],
    ['with a forbidden NUL', text, [{ forbid: ['a\0'] }], /forbid is a list of texts/],
    ['with no values', oneOf, [], /oneOf\(\) has no values/],
    ['with values that are a list', oneOf, [['A']], /values of oneOf\(\) are not all texts/],
    ['with a value twice', oneOf, ['A', 'A'], /oneOf\(\) names A twice/],
    ['without SQL', expression, [], /expression\(\) has no SQL/],
    ['with blank SQL', expression, [' '], /expression\(\) has no SQL/],
    [
      'with SQL that ends early',
      expression,
      ['a); DROP TABLE b'],
      /SQL of expression\(\) has a semi/,
    ],
    ['with two expressions', expression, ['lower(a)), (b'], /SQL of expression\(\) has unbal/],
  ])('%s', (_, make, options, fault) => {
    expect(codeOf(() => make(...(options as never[])))).toEqual([
      'GUARD_INVALID',
      expect.stringMatching(fault),
    ])
  })
})

test('parts cannot be changed, nor by what they were made with', () => {
  const forbid = ['x']
  const part = text({ trim: true, forbid })
  forbid.push('y')
  expect(part.forbid).toEqual(['x'])
  for (const each of [part, part.form, part.forbid, oneOf('A').values]) {
    expect(Object.isFrozen(each)).toBe(true)
  }
})
