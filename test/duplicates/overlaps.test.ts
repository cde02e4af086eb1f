import fc from 'fast-check'
import {
  column,
  type GuardOptions,
  guard,
  int,
  type KeyParts,
  type Onceover,
  onceover,
} from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(`CREATE TABLE slots (
    id int PRIMARY KEY, room int, slot numrange, copy int NOT NULL DEFAULT 0)`)
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

type Row = readonly [room: number | null, slot: string | null]

async function overlapsOf(rows: readonly Row[], more: Partial<GuardOptions<KeyParts>> = {}) {
  await db.pool.query('TRUNCATE slots')
  await db.pool.query(
    `INSERT INTO slots (id, room, slot) SELECT n, r, s
      FROM unnest($1::int[], $2::numrange[]) WITH ORDINALITY AS t(r, s, n)`,
    [rows.map(([room]) => room), rows.map(([, slot]) => slot)],
  )
  const key = { room: int(), slot: column() }
  const [report] = await once.scan(
    guard('slots', { table: 'slots', key, overlap: 'slot', ...more }),
  )
  return report
}

test('ranges that overlap in turn are one cluster, with its rows in order', async () => {
  const report = await overlapsOf([
    [1, '[3,5)'],
    [1, '[1,4)'],
    [1, '[4.5,9)'],
    [1, '[9,10)'],
    [2, '[1,100)'],
  ])
  expect(report?.overlaps).toEqual({
    clusters: 1,
    rows: 3,
    largest: [
      {
        key: { room: 1 },
        rows: 3,
        keys: 3,
        span: '[1,9)',
        members: [
          { range: '[1,4)', id: '2' },
          { range: '[3,5)', id: '1' },
          { range: '[4.5,9)', id: '3' },
        ],
      },
    ],
  })
  expect(report?.findings.find(({ code }) => code === 'overlapping_ranges')?.message).toContain(
    '1 cluster of overlapping ranges with 3 rows',
  )
})

test('equal keys alone are duplicates and no overlap', async () => {
  const report = await overlapsOf([
    [1, '[1,2)'],
    [1, '[1,2)'],
  ])
  expect(report?.overlaps).toEqual({ clusters: 0, rows: 0, largest: [] })
  expect(report?.duplicates.groups).toBe(1)
})

test('rows outside where, of other copies or with NULL in a part do not overlap', async () => {
  const rows: Row[] = [
    [1, '[1,3)'],
    [1, '[2,4)'],
    [null, '[1,3)'],
    [null, '[2,4)'],
  ]
  expect((await overlapsOf(rows))?.overlaps?.clusters).toBe(1)
  expect((await overlapsOf(rows, { where: 'id <> 2' }))?.overlaps?.clusters).toBe(0)
  const key = { room: int({ nulls: 'equal' }), slot: column({ nulls: 'equal' }) }
  expect((await overlapsOf(rows, { key }))?.overlaps?.clusters).toBe(2)
  await db.pool.query('UPDATE slots SET copy = id')
  const copied = guard('copied', {
    table: 'slots',
    key: { room: int(), slot: column() },
    overlap: 'slot',
    copies: 'copy',
  })
  expect((await once.scan(copied))[0]?.overlaps?.clusters).toBe(0)
})

test('a guard without overlap reports none', async () => {
  const [report] = await once.scan(guard('slots', { table: 'slots', key: { room: int() } }))
  expect(report).not.toHaveProperty('overlaps')
})

test('a range may be an expression over several columns, and read the whole key', async () => {
  await db.pool.query(`CREATE TABLE shifts (id int PRIMARY KEY, day date, start time, "end" time);
    INSERT INTO shifts VALUES (1, '2025-01-01', '10:20', '10:50'),
      (2, '2025-01-01', '10:20', '11:20'), (3, '2025-01-02', '10:20', '11:20')`)
  const shifts = guard('shifts', {
    table: 'shifts',
    key: { day: column(), start: column(), end: column() },
    overlap: 'tsrange(day + start, day + "end")',
  })
  const [report] = await once.scan(shifts)
  expect(report?.overlaps).toMatchObject({ clusters: 1, largest: [{ key: {}, rows: 2, keys: 2 }] })
})

test('ranges in time are told in UTC, whatever the zone of the session', async () => {
  await db.pool.query(`CREATE TABLE stays (id int PRIMARY KEY, during tstzrange);
    INSERT INTO stays VALUES (1, '[2025-01-01 10:00+00,2025-01-01 12:00+00]'),
      (2, '(2025-01-01 11:00+00,)')`)
  const stays = guard('stays', { table: 'stays', key: { during: column() }, overlap: 'during' })
  const zoned = await onceover({ db: `${db.url}?options=-c%20timezone%3DAsia/Tokyo` })
  const [report] = await zoned.scan(stays)
  await zoned.close()
  expect(report?.overlaps?.largest).toMatchObject([
    {
      span: '["2025-01-01 10:00:00",)',
      members: [
        { range: '["2025-01-01 10:00:00","2025-01-01 12:00:00"]' },
        { range: '("2025-01-01 11:00:00",)' },
      ],
    },
  ])
})

const bound = fc.option(fc.integer({ min: 0, max: 9 }), { nil: null })
const range = fc
  .tuple(bound, bound, fc.constantFrom('[', '('), fc.constantFrom(']', ')'))
  .map(([a, b, open, close]) => {
    const [low, high] = a !== null && b !== null && a > b ? [b, a] : [a, b]
    return `${open}${low ?? ''},${high ?? ''}${close}`
  })
const row = fc.tuple(
  fc.constantFrom(1, 2),
  fc.oneof({ weight: 9, arbitrary: range }, fc.constant(null)),
)

/** Clusters as && joins rows, whatever their order: the rows of each, and how many keys. */
const JOINED = `WITH RECURSIVE joined AS (
    SELECT id AS first, id FROM slots WHERE slot <> 'empty'
    UNION
    SELECT j.first, b.id FROM joined j JOIN slots a ON a.id = j.id
      JOIN slots b ON b.room = a.room AND b.slot && a.slot)
  SELECT rows::int, keys::int FROM (
    SELECT min_id, count(*) AS rows, count(DISTINCT (s.room, s.slot)) AS keys
    FROM (SELECT id, min(first) AS min_id FROM joined GROUP BY id) AS m JOIN slots s USING (id)
    GROUP BY min_id) AS clusters
  WHERE keys > 1 ORDER BY rows DESC, keys DESC`

test('clusters are those that && joins: unbounded, empty, unknown, open, closed', async () => {
  const runs = Number(process.env.ONCEOVER_MODEL_RUNS ?? 60)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 9 }), async (rows) => {
      const found = (await overlapsOf(rows))?.overlaps
      const { rows: expected } = await db.pool.query(JOINED)
      const seen = found?.largest.map((each) => ({ rows: each.rows, keys: each.keys })) ?? []
      expect(seen.sort((a, b) => b.rows - a.rows || b.keys - a.keys)).toEqual(expected)
      expect(found?.clusters).toBe(expected.length)
    }),
    { numRuns: runs },
  )
})
