import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/postgres/database.ts'
import type { Session } from '../../src/postgres/session.ts'
import { sql } from '../../src/postgres/sql.ts'
import { isolate, sift } from '../../src/rows/isolate.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query('CREATE TABLE passed (place int)')
})
afterAll(() => db.drop())

/** Runs `work` in a transaction, and returns what it wrote down. */
const inside = async <T>(work: (session: Session) => Promise<T>): Promise<[T, number[]]> => {
  const database = openDatabase(db.pool)
  return database.transaction(async (handle) => {
    await handle.query('TRUNCATE passed')
    const result = await work(database.within(handle))
    const { rows } = await handle.query('SELECT place FROM passed ORDER BY place')
    return [result, rows.map(({ place }) => Number(place))]
  })
}

/** Writes places down, and divides by zero at the bad ones: what it wrote is then undone. */
const writing =
  (session: Session, bad: ReadonlySet<number>) => async (start: number, end: number) => {
    await session.query(
      sql`INSERT INTO passed SELECT generate_series(${start}::int, ${end - 1}::int)`,
    )
    for (let place = start; place < end; place++) {
      if (bad.has(place)) await session.query(sql`SELECT 1 / 0`)
    }
    return [start, end] as const
  }

describe('isolate', () => {
  test('finds exactly the bad rows, in order, and keeps what the others did', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 12 }),
        fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 5 }),
        async (count, places) => {
          const bad = new Set(places)
          const [done, passed] = await inside((session) =>
            isolate(session, 0, count, writing(session, bad)),
          )
          const all = Array.from({ length: count }, (_, place) => place)
          expect(done.refused.map(({ place }) => place)).toEqual(
            all.filter((each) => bad.has(each)),
          )
          expect(passed).toEqual(all.filter((each) => !bad.has(each)))
          const ranges = done.results.flatMap(([start, end]) => all.slice(start, end))
          expect(ranges).toEqual(passed)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('needs one statement where nothing is bad', async () => {
    const [{ results }] = await inside((session) =>
      isolate(session, 0, 1000, writing(session, new Set())),
    )
    expect(results).toEqual([[0, 1000]])
  })

  test('passes an error on that is no row’s fault', async () => {
    const call = inside((session) =>
      isolate(session, 0, 4, () => session.query(sql`SELECT FROM nowhere`)),
    )
    await expect(call).rejects.toMatchObject({ details: { sqlstate: '42P01' } })
  })
})

describe('sift', () => {
  test('runs once more over all rows that were not refused, together', async () => {
    const seen: (readonly number[])[] = []
    const [{ results, refused }] = await inside((session) =>
      sift(session, [0, 1, 2, 3, 4, 5], async (rows) => {
        seen.push(rows)
        if (rows.includes(2)) await session.query(sql`SELECT 1 / 0`)
        return rows
      }),
    )
    expect(refused.map(({ place }) => place)).toEqual([2])
    expect(results).toEqual([0, 1, 3, 4, 5])
    expect(seen.at(-1)).toEqual(results)
  })

  test('of rows that are all refused gives none', async () => {
    const [{ results, refused }] = await inside((session) =>
      sift(session, [0, 1], async () => session.query(sql`SELECT 1 / 0`)),
    )
    expect([results, refused.length]).toEqual([[], 2])
  })
})
