import { onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { checkEqual } from '../../bench/insert/equality.ts'
import { loadsOf } from '../../bench/insert/loads.ts'
import { createAudit, insertThenJoin, joinThenInsert } from '../../bench/insert/raw-sql.ts'
import { onceoverSide, rawSide, WAYS } from '../../bench/insert/sides.ts'
import { makeTable } from '../../bench/insert/table.ts'
import { seeded } from '../../bench/random.ts'
import { runBenchmarks } from '../../bench/runner.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

test('every load leaves equal rows on all sides, and is compared', async () => {
  const database = await testDatabase()
  vi.stubEnv('ONCEOVER_BENCH_ROWS', '2500')
  try {
    const { url } = database
    const progress = () => undefined
    const { benchmarks } = await runBenchmarks(['insert'], { url, rounds: 1, progress })
    const [insert] = benchmarks
    expect(insert?.setting).toMatchObject({ rows: 2500, rounds: 1 })
    expect(insert?.comparisons.map(({ what }) => what)).toEqual(
      WAYS.flatMap((way) => [
        `${way}, new keys`,
        `${way}, all duplicates`,
        `${way}, 50/50 shuffled`,
      ]),
    )
    for (const { samples, ours, raw, variants } of insert?.comparisons ?? []) {
      expect([samples, ours.statements, raw.statements]).toEqual([3, 3, 3])
      expect(variants).toHaveLength(2)
    }
  } finally {
    vi.unstubAllEnvs()
    await database.drop()
  }
})

describe('the fairness check', () => {
  const GUARD = 'sessions'
  const ours = { table: 'ours', event: 'onceover.event', run: 'onceover.run' }
  const raw = { table: 'raw', event: 'raw_event', run: 'raw_run' }
  const loads = loadsOf(40, 20, seeded(1))
  let database: TestDatabase

  beforeAll(async () => {
    database = await testDatabase()
    const { pool } = database
    const once = await onceover({ db: pool })
    await once.migrate()
    await pool.query(createAudit(raw))
    for (const { table } of [ours, raw]) await makeTable(pool, table)
    const sides = [
      onceoverSide(once, 'onceover', ours.table),
      rawSide(pool, 'raw', raw, insertThenJoin(raw)),
    ]
    for (const side of sides) {
      for (const { chunks } of loads) {
        const intake = side.begin('insert', GUARD)
        for (const chunk of chunks) await intake.insert(chunk)
        await intake.end()
      }
    }
  })
  afterAll(() => database.drop())

  const check = () => checkEqual(database.pool, GUARD, ours, raw)

  /** What the check says while the raw side is changed; the change is taken back. */
  async function changed(statement: string, back: string): Promise<unknown> {
    await database.pool.query(statement)
    const said = await check().then(
      () => 'equal',
      (error: unknown) => error,
    )
    await database.pool.query(back)
    return said
  }

  test('passes two sides that did the same', async () => {
    await expect(check()).resolves.toBeUndefined()
    const { rows } = await database.pool.query('SELECT count(*)::int AS rows FROM ours')
    expect(rows).toEqual([{ rows: 60 }])
  })

  test('sees a row that differs', async () => {
    const set = (status: string) =>
      `UPDATE raw SET status = '${status}' WHERE id = (SELECT min(id::text)::uuid FROM raw)`
    expect(await changed(set('CONFLICTED'), set('CONFIRMED'))).toMatchObject({
      message: expect.stringContaining('2 rows of the tables differ'),
    })
  })

  test('sees a key under another verdict', async () => {
    const set = (from: string, to: string) =>
      `UPDATE raw_event SET verdict = '${to}' WHERE verdict = '${from}'`
    expect(await changed(set('skipped', 'invalid'), set('invalid', 'skipped'))).toMatchObject({
      message: expect.stringContaining('keys per verdict differ'),
    })
  })

  test('sees totals that differ', async () => {
    const add = (more: number) => `UPDATE raw_run SET created = created + ${more}`
    expect(await changed(add(1), add(-1))).toMatchObject({
      message: expect.stringContaining('totals of the runs differ'),
    })
  })

  test('sees an id that does not stand for its key', async () => {
    const swap = `UPDATE raw_event SET existing = (
        SELECT json_agg(id ORDER BY place DESC)
        FROM json_array_elements(existing) WITH ORDINALITY AS ids(id, place))
      WHERE verdict = 'skipped'`
    expect(await changed(swap, swap)).toMatchObject({
      message: expect.stringContaining('existing ids of raw differ'),
    })
  })

  test('finds both raw variants equal to each other', async () => {
    const other = { table: 'other', event: 'other_event', run: 'other_run' }
    const { pool } = database
    await pool.query(createAudit(other))
    await makeTable(pool, other.table)
    const side = rawSide(pool, 'other', other, joinThenInsert(other))
    for (const { chunks } of loads) {
      const intake = side.begin('insert', GUARD)
      for (const chunk of chunks) await intake.insert(chunk)
    }
    await expect(checkEqual(pool, GUARD, ours, other)).resolves.toBeUndefined()
  })
})

test('the same seed makes the same loads; the second has the keys of the first', () => {
  const [first, second, mixed] = loadsOf(500, 100, seeded(7))
  expect(loadsOf(500, 100, seeded(7))).toEqual([first, second, mixed])
  const students = (load: typeof first) =>
    new Set(load?.chunks.flat().map(({ student_id }) => student_id))
  expect(students(second)).toEqual(students(first))
  expect(students(first).size).toBe(500)
  const known = [...students(mixed)].filter((student) => students(first).has(student))
  expect([students(mixed).size, known.length]).toEqual([500, 250])
})
