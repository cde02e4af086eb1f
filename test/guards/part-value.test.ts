import { column, date, int, oneOf, time, timestamp, uuid } from 'onceover'
import { describe, expect, test } from 'vitest'
import { cases, db, inKeyDatabase, invalid, once } from './key-cases.ts'
import { keyedTable } from './keyed-table.ts'

inKeyDatabase()

describe('a number', () => {
  const { MAX_SAFE_INTEGER: most } = Number
  cases(
    {
      title: 'beyond 2^53 is refused, a bigint is exact',
      type: 'bigint',
      part: int(),
      values: [most, most + 1, BigInt(most) + 1n, BigInt(most) + 2n, 2n ** 63n - 1n, 2n ** 63n],
      verdicts: ['new', invalid('safe integer'), 'new', 'new', 'new', invalid('bigint')],
    },
    {
      title: 'that is none is invalid',
      type: 'bigint',
      part: int(),
      values: [Number.NaN, Number.POSITIVE_INFINITY, 1.5, '1', true, undefined, null],
      verdicts: [
        ...[invalid('NaN'), invalid('Infinity'), invalid('integer'), invalid('integer')],
        ...[invalid('integer'), invalid('NULL'), invalid('NULL')],
      ],
    },
    {
      title: 'of minus zero is zero',
      type: 'int',
      part: int(),
      values: [0, -0, 0n],
      verdicts: ['new', 'as 0', 'as 0'],
    },
    {
      title: 'beyond its column is invalid',
      type: 'smallint',
      part: int(),
      values: [32767, 32768, -32768, -32769],
      verdicts: ['new', invalid('out of range'), 'new', invalid('out of range')],
    },
    {
      title: 'of column() is as exact as int()',
      type: 'bigint',
      part: column(),
      values: [most + 1, '9007199254740993', 9007199254740993n, '9007199254740992', 1, '1'],
      verdicts: [invalid('safe integer'), 'new', 'as 1', 'new', 'new', 'as 4'],
    },
    {
      title: 'of numeric is compared by value, its digits kept as text',
      type: 'numeric',
      part: column(),
      values: ['1.0', '1.00', 1, 2 ** 53, '9007199254740993', '9007199254740992', 0.1, '0.1'],
      verdicts: ['new', 'as 0', 'as 0', invalid('2.53'), 'new', 'new', 'new', 'as 6'],
    },
    {
      title: 'of float8: NaN equals NaN, and minus zero is zero',
      type: 'float8',
      part: column(),
      values: ['NaN', 'nan', 0, '-0', Number.NaN, '0.1', 0.1],
      verdicts: ['new', 'as 0', 'new', 'as 2', invalid('NaN'), 'new', 'as 5'],
    },
  )

  test('beyond 2^53 comes back as text, digit for digit', async () => {
    const made = await keyedTable(once, 'bigint', int())
    const given = [9007199254740993n, -(2n ** 63n)]
    const rows = given.map((v) => ({ v }))
    const { verdicts } = await once.insert(made, rows)
    const again = await once.insert(made, rows)
    for (const { verdicts: each } of [{ verdicts }, again]) {
      expect(each.map(({ key }) => key)).toEqual(given.map((v) => ({ v: String(v) })))
    }
    const { rows: stored } = await db.pool.query(
      `SELECT v::text FROM ${made.table} ORDER BY v DESC`,
    )
    expect(stored.map(({ v }) => v)).toEqual(given.map(String))
  })
})

describe('a point in time', () => {
  const at = (fraction: string, offset = 'Z') => `2025-10-26T00:30:00${fraction}${offset}`
  cases(
    {
      title: 'is exact to the microsecond as text, to the millisecond as a Date',
      type: 'timestamptz',
      part: timestamp(),
      values: [new Date(at('.001')), at('.001'), at('.001001'), at('.001002'), at('.0010021')],
      verdicts: ['new', 'as 0', 'new', 'new', invalid('timestamp such as')],
    },
    {
      title: 'of an hour that clocks repeat is two, by its offset',
      type: 'timestamptz',
      part: timestamp(),
      values: [
        ...['2025-10-26T02:30:00+02:00', '2025-10-26T02:30:00+01:00', '2025-10-26T02:30:00'],
        ...['2025-10-26T00:30:00Z', '2025-10-26T01:30:00.000Z', '2025-10-26 02:30:00+01'],
      ],
      verdicts: ['new', 'new', invalid('offset is missing'), 'as 0', 'as 1', 'as 1'],
    },
    {
      title: 'is no local time: its offset would be ignored',
      type: 'timestamp',
      part: timestamp(),
      values: ['2025-10-26T02:30:00', at(''), '2025-10-26T02:30:00+01', new Date(0)],
      verdicts: ['new', invalid('no offset'), invalid('no offset'), invalid('local time')],
    },
    {
      title: 'is refused where its column would round it',
      type: 'timestamptz(3)',
      part: timestamp(),
      values: [at('.001'), at('.0010'), at('.001000'), at('.0014'), new Date(at('.001'))],
      verdicts: ['new', 'as 0', 'as 0', invalid('keeps 3 digits'), 'as 0'],
    },
    {
      title: 'is refused as a Date where its column keeps seconds',
      type: 'timestamptz(0)',
      part: timestamp(),
      values: [new Date(at('.000')), new Date(at('.400')), at('.6')],
      verdicts: ['new', invalid('keeps 0 digits'), invalid('keeps 0 digits')],
    },
    {
      title: 'of column() is read as timestamp() reads it, with for ever besides',
      type: 'timestamp',
      part: column(),
      values: [at('', ''), 'now', 'today', '10/26/2025 00:30', 'infinity', 'infinity', 20251026],
      verdicts: [
        ...['new', invalid('timestamp such'), invalid('timestamp such'), invalid('timestamp such')],
        ...['new', 'as 4', invalid('timestamp such')],
      ],
    },
  )
})

describe('a day, a time and an id', () => {
  cases(
    {
      title: 'of a day that is none is invalid',
      type: 'date',
      part: date(),
      values: ['2024-02-29', '2025-02-29', new Date(0), '2024-2-29', '20240229'],
      verdicts: ['new', invalid('no such day'), ...new Array(3).fill(invalid('YYYY'))],
    },
    {
      title: 'of a day in another order, by column(), is invalid: it would depend on a setting',
      type: 'date',
      part: column(),
      values: ['2025-02-03', '02/03/2025', '03.02.2025', new Date(0), '-infinity'],
      verdicts: ['new', ...new Array(3).fill(invalid('YYYY')), 'new'],
    },
    {
      title: 'of a time in several spellings is one key',
      type: 'time',
      part: time(),
      values: ['20:00', '20:00:00', '20:00:00.000000', '20:00:00.000001', '24:00', '20:00+01'],
      verdicts: ['new', 'as 0', 'as 0', 'new', invalid('a time'), invalid('no offset')],
    },
    {
      title: 'of a time that its column would round is invalid',
      type: 'time(0)',
      part: time(),
      values: ['20:00:00', '20:00:00.4', '20:00:00.0'],
      verdicts: ['new', invalid('keeps 0 digits'), 'as 0'],
    },
    {
      title: 'of a time with an offset needs one',
      type: 'timetz',
      part: time(),
      values: ['20:00+02', '20:00+02:00', '20:00', '18:00+00'],
      verdicts: ['new', 'as 0', invalid('offset is missing'), 'new'],
    },
    {
      title: 'of a UUID in either case is one key',
      type: 'uuid',
      part: uuid(),
      values: [
        ...['6f1c2a34-0000-4000-8000-00000000abcd', '6F1C2A34-0000-4000-8000-00000000ABCD'],
        ...['{6f1c2a34-0000-4000-8000-00000000abcd}', '6f1c2a34000040008000-00000000abcd'],
      ],
      verdicts: ['new', 'as 0', invalid('UUID'), invalid('UUID')],
    },
    {
      title: 'of one of a few values is none of the others',
      type: 'text',
      part: oneOf('A', 'B'),
      values: ['A', 'a', 'A ', 'B', null],
      verdicts: ['new', invalid('not A or B'), invalid('not A or B'), 'new', invalid('NULL')],
    },
  )
})
