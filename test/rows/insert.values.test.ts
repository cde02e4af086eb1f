import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { column, guard, int, text, timestamp } from '../../src/index.ts'
import { type Opened, open } from './lessons.ts'

const WIDE = Array.from({ length: 148 }, (_, place) => `c${place} int DEFAULT ${place}`)

let opened: Opened
beforeAll(async () => {
  opened = await open(`
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TYPE span AS (low int, high int);
    CREATE DOMAIN short AS varchar(5);
    CREATE TABLE value (
      id int PRIMARY KEY, j jsonb, js json, texts text[], grid int[][], amounts numeric[],
      big bigint, amount numeric, money_ numeric(12,2), raw bytea, at timestamptz,
      local timestamp, day date, span interval, ratio float8, mood mood, moods mood[],
      range int4range, pair span,
      short short, fixed char(5), flag boolean, ip inet, bits bit(3));
    CREATE TABLE wide (id int PRIMARY KEY, name text UNIQUE, ${WIDE.join(', ')});
    CREATE TABLE "Order" (
      "Id" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "select" text, "userId" int,
      "a ""quoted"" name" text, "größe" int, "from" int DEFAULT 4, "input" int, "ranked" int,
      UNIQUE ("select", "userId"));
    CREATE TABLE met (id int PRIMARY KEY, ranked int UNIQUE, outcome text);
    CREATE TABLE ranked (id int PRIMARY KEY, met int UNIQUE);
    CREATE TABLE excluded (id int PRIMARY KEY, met int UNIQUE);
    CREATE TABLE moment (id int PRIMARY KEY, at timestamptz UNIQUE);
    CREATE TABLE number (id int PRIMARY KEY, amount numeric UNIQUE);
    CREATE TABLE blob (id int PRIMARY KEY, hash bytea UNIQUE, tags jsonb)`)
})
afterAll(() => opened.close())

const values = guard('values', { table: 'value', key: { id: int() } })
const insertOne = (row: Record<string, unknown>) =>
  opened.once.insertOne(values, row as { id: number })

describe('a value', () => {
  test('of every kind is stored as it was given', async () => {
    const row = {
      id: 1,
      j: { a: [1, null, 'ü', { b: true }] },
      js: [1, '2'],
      texts: ['a', 'b,c', '"', '', 'NULL', null],
      grid: [
        [1, 2],
        [3, 4],
      ],
      amounts: ['1.50', '123456789012345678901234567890.5'],
      big: 9_007_199_254_740_993n,
      amount: '123456789012345678901234567890.123456789',
      money_: 10.5,
      raw: Buffer.from([0, 255, 92, 120]),
      at: new Date('2025-10-23T20:00:00.123Z'),
      local: '2025-10-26 02:30:00',
      day: '2025-10-23',
      span: '1 day 02:00:00',
      ratio: 0.1,
      mood: 'happy',
      moods: ['sad', 'happy'],
      range: '[1,5)',
      pair: { low: 1, high: 2 },
      short: 'abcde',
      fixed: 'ab',
      flag: true,
      ip: '10.0.0.1',
      bits: '101',
    }
    const made = await insertOne(row)
    expect(made.verdict).toBe('created')
    expect(made.row).toMatchObject({
      ...row,
      big: '9007199254740993',
      money_: '10.50',
      raw: '\\x00ff5c78',
      at: '2025-10-23T20:00:00.123Z',
      local: '2025-10-26T02:30:00',
      ratio: '0.1',
      fixed: 'ab   ',
    })
    const [stored] = await opened.query('SELECT * FROM value WHERE id = 1')
    expect(stored).toMatchObject({
      j: row.j,
      texts: row.texts,
      grid: row.grid,
      amount: row.amount,
      raw: row.raw,
      at: row.at,
      ratio: 0.1,
    })
  })

  test('in jsonb may be any JSON value, text among them', async () => {
    const kinds = ['text', 7, true, [], {}, 'null', '{"a":1}']
    const rows = kinds.map((j, place) => ({ id: 100 + place, j }))
    const { totals } = await opened.once.insert(values, rows)
    expect(totals.created).toBe(kinds.length)
    const stored = await opened.query('SELECT j FROM value WHERE id >= 100 ORDER BY id')
    expect(stored.map(({ j }) => j)).toEqual(kinds)
  })

  test.each([
    ['NaN', { ratio: Number.NaN }],
    ['Infinity in an object', { j: { deep: [Number.POSITIVE_INFINITY] } }],
    ['a lone surrogate', { j: { deep: ['\ud800'] } }],
    ['a lone surrogate in a name', { j: { '\ud800': 1 } }],
    ['a NUL character', { texts: ['a\0'] }],
    ['a function', { j: () => 1 }],
    ['a symbol', { j: Symbol('x') }],
    ['an invalid Date', { at: new Date(Number.NaN) }],
    ['a Map', { j: new Map([[1, 2]]) }],
    ['a Set', { texts: new Set(['a']) }],
    ['bytes where there is no bytea', { j: Buffer.from('a') }],
    ['a toJSON that throws', { j: { toJSON: () => JSON.parse('{') } }],
  ])('that JSON would change or lose is invalid: %s', async (_, row) => {
    const made = await insertOne({ id: 900, ...row })
    expect(made).toMatchObject({ verdict: 'invalid', key: { id: 900 } })
    expect(made.reason).toMatch(/^(ratio|j|at|texts): /)
  })

  test('that contains itself is invalid, and the others stand', async () => {
    const j: Record<string, unknown> = {}
    j.self = { j }
    const { verdicts } = await opened.once.insert(values, [
      { id: 901, j },
      { id: 902, j: 1 },
    ])
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['invalid', 'created'])
  })

  test('of bigint is stored inside an object too', async () => {
    expect((await insertOne({ id: 903, j: { n: 2n ** 60n } })).verdict).toBe('created')
  })

  test.each([
    ['a number out of range', { big: 2n ** 64n }, '22003'],
    ['text for a number', { big: 'many' }, '22P02'],
    ['an unknown enum value', { mood: 'angry' }, '22P02'],
    ['a day that is none', { day: '2025-02-30' }, '22008'],
    ['an object for an array', { texts: { a: 1 } }, '22P02'],
    ['a text too long for its domain', { short: 'abcdef' }, '22001'],
    ['a text too long for char(5)', { fixed: 'abcdef' }, '22001'],
    ['bits of another length', { bits: '10' }, '22026'],
  ])('that its column refuses is invalid, with the SQLSTATE: %s', async (_, row, state) => {
    expect(await insertOne({ id: 904, ...row })).toMatchObject({
      verdict: 'invalid',
      key: { id: 904 },
      sqlstate: state,
    })
  })
})

describe('a table', () => {
  test('of 150 columns takes rows of any of them', async () => {
    const wide = guard('wide', { table: 'wide', key: { name: text() } })
    const full = Object.fromEntries(WIDE.map((_, place) => [`c${place}`, place * 2]))
    const { verdicts } = await opened.once.insert(wide, [
      { id: 1, name: 'a' },
      { id: 2, name: 'b', ...full },
      { id: 3, name: 'c', c147: null },
    ])
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(Array(3).fill('created'))
    const met = await opened.once.insertOne(wide, { id: 4, name: 'b' })
    expect(met).toMatchObject({ verdict: 'skipped', existing: { id: 2, name: 'b', ...full } })
    expect(Object.keys(met.existing ?? {})).toHaveLength(150)
    const stored = await opened.query('SELECT c146, c147 FROM wide ORDER BY id')
    expect(stored).toEqual([
      { c146: 146, c147: 147 },
      { c146: 292, c147: 294 },
      { c146: 146, c147: null },
    ])
  })

  test('may have names that need quoting', async () => {
    const orders = guard('orders', {
      table: 'Order',
      key: { select: text(), userId: int() },
      show: ['a "quoted" name', 'größe', 'from'],
    })
    const row = { select: 'x', userId: 1, 'a "quoted" name': 'q', größe: 3, input: 1, ranked: 2 }
    const { verdicts } = await opened.once.insert(orders, [row, { ...row, userId: 2, from: 9 }])
    expect(verdicts).toMatchObject([
      { verdict: 'created', row: { Id: 1, 'a "quoted" name': 'q', größe: 3, from: 4 } },
      { verdict: 'created', row: { Id: 2, from: 9 } },
    ])
    const [again] = (await opened.once.insert(orders, [row], { onDuplicate: 'replace' })).verdicts
    expect(again).toMatchObject({ verdict: 'replaced', row: { Id: 1 } })
  })

  test.each(['met', 'ranked', 'excluded'])('may be called %s', async (table) => {
    const part = table === 'met' ? 'ranked' : 'met'
    const named = guard(table, { table, key: { [part]: int() } })
    const insert = (onDuplicate: 'skip' | 'replace') =>
      opened.once.insert(named, [{ id: 1, [part]: 1 }] as never, { onDuplicate })
    const verdicts = []
    for (const policy of ['skip', 'skip', 'replace'] as const) {
      verdicts.push((await insert(policy)).verdicts[0]?.verdict)
    }
    expect(verdicts).toEqual(['created', 'skipped', 'replaced'])
  })
})

describe('the key of a verdict', () => {
  test('does not depend on the time zone of the session', async () => {
    const moments = guard('moments', { table: 'moment', key: { at: timestamp() } })
    const keys = await Promise.all(
      ['Asia/Tokyo', 'America/New_York'].map((zone, id) =>
        opened.once.transaction(async (handle) => {
          await handle.query(`SET LOCAL TimeZone = '${zone}'`)
          const row = { id, at: '2025-10-23T20:00:00.5+02:00' }
          const { verdicts } = await opened.once.insert(moments, [row], { handle })
          return verdicts[0]?.key.at
        }),
      ),
    )
    expect(keys).toEqual(Array(2).fill('2025-10-23T18:00:00.5Z'))
  })

  test('keeps the digits of a numeric', async () => {
    const numbers = guard('numbers', { table: 'number', key: { amount: column() } })
    const { verdicts } = await opened.once.insert(numbers, [
      { id: 1, amount: '1.00000000000000000001' },
      { id: 2, amount: 1n },
      { id: 3, amount: '1.00' },
    ])
    expect(verdicts.map(({ verdict, key }) => [verdict, key.amount])).toEqual([
      ['created', '1.00000000000000000001'],
      ['created', '1'],
      ['collided', '1.00'],
    ])
  })

  test('may be bytes', async () => {
    const blobs = guard('blobs', { table: 'blob', key: { hash: column() } })
    const row = { id: 1, hash: new Uint8Array([1, 2]) as never }
    expect(await opened.once.insertOne(blobs, row)).toMatchObject({
      verdict: 'created',
      key: { hash: '\\x0102' },
    })
    expect((await opened.once.insertOne(blobs, row)).verdict).toBe('skipped')
  })
})
