import { randomBytes } from 'node:crypto'
import {
  column,
  date,
  expression,
  guard,
  int,
  type KeyPart,
  type Onceover,
  onceover,
  oneOf,
  set,
  text,
  time,
  timestamp,
  uuid,
} from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { insertKeys, keyedTable } from './keyed-table.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query('CREATE EXTENSION citext')
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

const invalid = (why: string) => expect.stringMatching(new RegExp(`^invalid: .*${why}`))

interface Case {
  readonly title: string
  readonly type: string
  readonly part: KeyPart
  readonly values: readonly unknown[]
  readonly verdicts: readonly unknown[]
}

const cases = (...all: readonly Case[]) =>
  test.each(all.map((each) => [each.title, each] as const))('%s', async (_, each) => {
    const { type, part, values, verdicts } = each
    expect(await insertKeys(once, type, part, values)).toEqual(verdicts)
  })

describe('a text', () => {
  cases(
    {
      title: 'with NUL is invalid',
      type: 'text',
      part: text(),
      values: ['a\0', 'a', '\0'],
      verdicts: [invalid('NUL'), 'new', invalid('NUL')],
    },
    {
      title: 'with a lone surrogate is invalid, and never U+FFFD',
      type: 'text',
      part: text(),
      values: ['a\ud800', '\udc00a', 'a\uFFFD', 'a\u{1F600}'],
      verdicts: [invalid('surrogate'), invalid('surrogate'), 'new', 'new'],
    },
    {
      title: 'in composed and decomposed form is two keys',
      type: 'text',
      part: text(),
      values: ['é', 'e\u0301', 'É'],
      verdicts: ['new', 'new', 'new'],
    },
    {
      title: 'in composed and decomposed form is one key where it is folded',
      type: 'text',
      part: text({ fold: true }),
      values: ['é', 'e\u0301', 'É', 'E\u0301', 'e'],
      verdicts: ['new', 'as 0', 'as 0', 'as 0', 'new'],
    },
    {
      title: 'keeps its white space where it is not trimmed',
      type: 'text',
      part: text(),
      values: ['a', 'a ', ' a', 'a\t', 'a\u00A0'],
      verdicts: ['new', 'new', 'new', 'new', 'new'],
    },
    {
      title: 'loses white space at its ends only where it is trimmed, that of Unicode too',
      type: 'text',
      part: text({ trim: true }),
      values: [
        'a b',
        ' a b',
        'a b\n',
        '\ta b\r\n',
        'a b\u00A0',
        '\u3000a b',
        '\uFEFFa b',
        'ab',
        'va b',
      ],
      verdicts: ['new', ...new Array(6).fill('as 0'), 'new', 'new'],
    },
    {
      title: 'is trimmed as JavaScript trims',
      type: 'text',
      part: text({ trim: true }),
      values: [
        'x',
        ...Array.from({ length: 0x3100 }, (_, c) => String.fromCharCode(c))
          .filter((c) => c.trim() === '')
          .map((c) => `${c}x${c}`),
      ],
      verdicts: ['new', ...new Array(24).fill('as 0')],
    },
    {
      title: 'in other capitals is one key where it is folded, Greek and Turkish by PostgreSQL',
      type: 'text',
      part: text({ fold: true }),
      values: ['ΑΣ', 'ας', 'ασ', 'İ', 'ı', 'ß', 'SS', 'ss', 'ǅ', 'Ǆ', '\u212A', 'k'],
      // The server says which sigma is the lower case; either way two of the three are one.
      verdicts: [
        ...['new', expect.stringMatching(/^(new|as 0)$/), expect.stringMatching(/^(new|as 0)$/)],
        ...['new', 'new', 'new', 'new', 'as 6', 'new', 'as 8', 'new', 'as 10'],
      ],
    },
    {
      title: 'of char(n) is padded: white space at its end does not count',
      type: 'char(3)',
      part: text(),
      values: ['a', 'a ', 'a  ', ' a', 'abcd'],
      verdicts: ['new', 'as 0', 'as 0', 'new', invalid('too long')],
    },
    {
      title: 'of varchar(n) that is too long is invalid, and never cut',
      type: 'varchar(3)',
      part: text(),
      values: ['abc', 'abcd', 'äöü', 'äöüa'],
      verdicts: ['new', invalid('too long'), 'new', invalid('too long')],
    },
    {
      title: 'of the type name is refused where PostgreSQL would cut it at 63 bytes',
      type: 'name',
      part: text(),
      values: ['é'.repeat(31), `${'é'.repeat(31)}a`, 'é'.repeat(32), `${'a'.repeat(63)}b`],
      verdicts: ['new', 'new', invalid('63 bytes'), invalid('63 bytes')],
    },
    {
      title: 'of citext differs not by case, and its first spelling stands',
      type: 'citext',
      part: text(),
      values: ['Ana', 'ANA', 'ana', 'anä'],
      verdicts: ['new', 'as 0', 'as 0', 'new'],
    },
    {
      title: 'that stands for a missing one is invalid in each of its spellings',
      type: 'text',
      part: text({ trim: true, fold: true, forbid: ['Unknown'] }),
      values: ['unknown', ' UNKNOWN ', 'Unknown', 'known'],
      verdicts: [...new Array(3).fill(invalid('forbidden')), 'new'],
    },
    {
      title: 'is no number, and a number is no text',
      type: 'text',
      part: text(),
      values: ['1', 1, 1n, true, ['1'], null, undefined],
      verdicts: [
        'new',
        ...new Array(4).fill(invalid('not a text')),
        ...new Array(2).fill(invalid('NULL')),
      ],
    },
  )

  test('of 3 kB that does not compress is invalid, and the others stand', async () => {
    const long = () => randomBytes(2250).toString('base64')
    const verdicts = await insertKeys(once, 'text', text(), ['a', long(), 'b', 'x'.repeat(3000)])
    expect(verdicts).toEqual(['new', invalid('exceeds btree'), 'new', 'new'])
  })

  test('of 3 kB can be a key by its hash', async () => {
    const made = await keyedTable(once, 'text', text())
    const key = { hash: expression('md5(v)') }
    const hashed = guard('hashed', { table: made.table, key, index: 'ux_hashed' })
    await db.pool.query(`DROP INDEX ${made.index}`)
    await once.enforce(hashed)
    const long = randomBytes(2250).toString('base64')
    const { verdicts } = await once.insert(hashed, [{ v: long }, { v: `${long}a` }, { v: long }])
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['created', 'created', 'collided'])
  })
})

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

describe('a set', () => {
  cases(
    {
      title: 'has no order and no repetition, as an array',
      type: 'int[]',
      part: set(),
      values: [[1, 3], [3, 1], [3, 1, 3, 1], [], [1], ['1', '3'], null],
      verdicts: ['new', 'as 0', 'as 0', 'new', 'new', invalid('numbers'), invalid('NULL')],
    },
    {
      title: 'has no order and no repetition, as jsonb, where 1 is not "1"',
      type: 'jsonb',
      part: set(),
      values: [[1, 'a'], ['a', 1, 1], ['1', 'a'], [], [true], ['true'], [1.0, -0], [0, 1]],
      verdicts: ['new', 'as 0', 'new', 'new', 'new', 'new', 'new', 'as 6'],
    },
    {
      title: 'of texts takes no numbers: 1 would become "1"',
      type: 'text[]',
      part: set(),
      values: [['1'], [1], ['a', 'b'], ['b', 'a'], ['a,b'], ['a', null], ['"']],
      verdicts: ['new', invalid('texts'), 'new', 'as 2', 'new', invalid('items'), 'new'],
    },
    {
      title: 'refuses what JSON cannot say',
      type: 'jsonb',
      part: set(),
      values: [[2 ** 53], [1n], [Number.NaN], ['a\0'], ['\ud800'], [[1]], 'a', {}],
      verdicts: [
        ...[invalid('2.53'), invalid('items'), invalid('NaN'), invalid('NUL')],
        ...[invalid('surrogate'), invalid('items'), invalid('array'), invalid('array')],
      ],
    },
  )

  test('of jsonb is one whether its numbers are written 1.0 or 1.00', async () => {
    for (const part of [set(), column()]) {
      const made = await keyedTable(once, 'jsonb', part)
      await db.pool.query(`INSERT INTO ${made.table} (v) VALUES ('[1.0]')`)
      const again = db.pool.query(`INSERT INTO ${made.table} (v) VALUES ('[1.00]')`)
      await expect(again).rejects.toThrow(/duplicate key/)
      expect(await once.insertOne(made, { v: [1] })).toMatchObject({ verdict: 'skipped' })
    }
  })
})

describe('a document', () => {
  cases(
    {
      title: 'is one key in any order of its names, at any depth',
      type: 'jsonb',
      part: column(),
      values: [{ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, { a: 1 }, { a: '1' }],
      verdicts: ['new', 'as 0', 'new', 'new'],
    },
    {
      title: 'is invalid where its inside would not arrive as it is',
      type: 'jsonb',
      part: column(),
      values: [{ a: [2 ** 53] }, { a: 1n }, { a: [undefined] }, [{ a: '\ud800' }], { 'a\0': 1 }],
      verdicts: [
        ...[invalid('2.53'), invalid('bigint'), invalid('item'), invalid('surrogate')],
        invalid('NUL'),
      ],
    },
  )
})

describe('several parts', () => {
  test('are never one text: a:b and c is not a and b:c', async () => {
    await db.pool.query('CREATE TABLE pairs (id serial PRIMARY KEY, a text, b text)')
    const pairs = guard('pairs', { table: 'pairs', key: { a: text(), b: text() } })
    await once.enforce(pairs)
    const rows = [
      ...[
        ['a:b', 'c'],
        ['a', 'b:c'],
        ['', 'a'],
        ['a', ''],
        ['a,b', 'c'],
        ['a', 'b,c'],
        ['a|b', ''],
      ],
      ...[
        ['a', '|b'],
        ['"a"', 'b'],
        ['"a', '"b'],
        ['a\\', 'b'],
        ['a', '\\b'],
        ['(a', 'b)'],
      ],
    ].map(([a = '', b = '']) => ({ a, b }))
    const { totals } = await once.insert(pairs, rows)
    expect(totals).toMatchObject({ created: rows.length, rows: rows.length })
    expect((await once.insert(pairs, rows)).totals.skipped).toBe(rows.length)
  })

  test('are more values than a statement has parameters, in one call', async () => {
    await db.pool.query('CREATE TABLE wide (id bigserial PRIMARY KEY, a int, b int, c int)')
    const wide = guard('wide', { table: 'wide', key: { a: int(), b: int(), c: int() } })
    await once.enforce(wide)
    const rows = Array.from({ length: 70_000 }, (_, a) => ({ a, b: a % 7, c: -a }))
    expect((await once.insert(wide, rows)).totals).toMatchObject({ created: 70_000 })
    const { rows: found } = await db.pool.query('SELECT count(*)::int AS n, max(a) AS a FROM wide')
    expect(found).toEqual([{ n: 70_000, a: 69_999 }])
  })

  test('two tables with names of 63 bytes are two, and longer names are refused', async () => {
    const long = 'a'.repeat(62)
    for (const end of ['b', 'c']) {
      await db.pool.query(`CREATE TABLE ${long}${end} (id serial PRIMARY KEY, v int)`)
      await once.enforce(guard(`long-${end}`, { table: long + end, key: { v: int() } }))
    }
    const { rows } = await db.pool.query(
      `SELECT count(DISTINCT indexname)::int AS n FROM pg_indexes WHERE tablename LIKE 'aaaa%'
       AND indexname LIKE 'ux%'`,
    )
    expect(rows).toEqual([{ n: 2 }])
    expect(() => guard('g', { table: `${long}bc`, key: { v: int() } })).toThrow(/63 bytes/)
  })
})
