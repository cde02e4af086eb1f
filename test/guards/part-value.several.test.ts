import { column, guard, int, set, text } from 'onceover'
import { describe, expect, test } from 'vitest'
import { cases, db, inKeyDatabase, invalid, once } from './key-cases.ts'
import { keyedTable } from './keyed-table.ts'

inKeyDatabase()

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
