import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { incidentRows, loadRows } from '../../../systems/class-sessions/incident.ts'
import { incidentFigures } from '../../../systems/class-sessions/incident-figures.ts'
import { createTables } from '../../../systems/class-sessions/tables.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  await createTables(database.pool)
  await loadRows(database.pool, incidentRows())
})

afterAll(() => database?.drop())

const rows = async (text: string) => (await database.pool.query(text)).rows

const KEY = 'date, start_time, end_time, teacher_id, student_id'
const LIVING = 'NOT is_cancelled AND student_id IS NOT NULL'

describe('the fixture', () => {
  test('is the same on every build', () => {
    expect(incidentRows()).toEqual(incidentRows())
  })

  test('has 93 sessions of 65 keys on the day', async () => {
    const onTheDay = "class_sessions WHERE date = '2025-10-23'"
    expect(await rows(`SELECT count(*)::int FROM ${onTheDay}`)).toEqual([{ count: 93 }])
    expect(
      await rows(`SELECT count(*)::int FROM (SELECT DISTINCT ${KEY} FROM ${onTheDay}) AS keys`),
    ).toEqual([{ count: 65 }])
  })

  test('has 300 rows too many in the table', async () => {
    const [excess] = await rows(
      `SELECT sum(n - 1)::int FROM (
         SELECT count(*) AS n FROM class_sessions WHERE ${LIVING} GROUP BY ${KEY}) AS groups`,
    )
    expect(excess).toEqual({ sum: 300 })
  })

  test('has one pair 18 times, once CONFIRMED, and another 13 times in two slots', async () => {
    const groups = await rows(
      `SELECT start_time::text AS start, end_time::text AS end, count(*)::int AS rows,
         count(*) FILTER (WHERE status = 'CONFIRMED')::int AS confirmed,
         count(*) FILTER (WHERE status = 'CONFLICTED')::int AS conflicted
       FROM class_sessions WHERE date = '2025-10-23'
       GROUP BY ${KEY} HAVING count(*) > 1 ORDER BY count(*) DESC`,
    )
    expect(groups).toEqual([
      { start: '20:00:00', end: '21:30:00', rows: 18, confirmed: 1, conflicted: 17 },
      { start: '18:00:00', end: '20:15:00', rows: 8, confirmed: 1, conflicted: 7 },
      { start: '18:30:00', end: '20:15:00', rows: 5, confirmed: 0, conflicted: 5 },
    ])
  })

  test('has four and seven ACTIVE series for those pairs, made within minutes', async () => {
    const pairs = await rows(
      `SELECT count(*)::int AS series, min(created_at) AS first, max(created_at) AS last
       FROM class_series WHERE status = 'ACTIVE' AND (teacher_id, student_id) IN (
         SELECT teacher_id, student_id FROM class_sessions WHERE date = '2025-10-23'
         GROUP BY teacher_id, student_id HAVING count(*) > 10)
       GROUP BY teacher_id, student_id ORDER BY 1`,
    )
    expect(pairs.map((pair) => pair.series)).toEqual([4, 7])
    for (const { first, last } of pairs) {
      expect(first.toISOString() >= '2025-10-09T16:03').toBe(true)
      expect(last.toISOString() < '2025-10-09T16:10').toBe(true)
    }
  })

  test('was made by runs between :03 and :05 past the hour', async () => {
    const minutes = await rows(
      `SELECT min(extract(minute FROM created_at))::int AS first,
         max(extract(minute FROM created_at))::int AS last
       FROM class_sessions WHERE ${LIVING}`,
    )
    expect(minutes).toEqual([{ first: 3, last: 4 }])
  })

  test('marks a session CONFLICTED exactly where it overlaps an earlier one', async () => {
    const wrong = await rows(
      `SELECT s.id FROM class_sessions AS s WHERE ${LIVING} AND (status = 'CONFLICTED') <> EXISTS (
         SELECT FROM class_sessions AS o
         WHERE NOT o.is_cancelled AND o.student_id IS NOT NULL AND o.date = s.date
           AND (o.teacher_id = s.teacher_id OR o.student_id = s.student_id)
           AND o.start_time < s.end_time AND s.start_time < o.end_time
           AND (o.created_at, o.id) < (s.created_at, s.id))`,
    )
    expect(wrong).toEqual([])
  })

  test('has 24 later duplicate series, of which the order of days hides 11', async () => {
    const figures = await incidentFigures(database.pool)
    expect(figures).toEqual({
      onTheDay: 93,
      distinctOnTheDay: 65,
      excessOnTheDay: 28,
      excess: 300,
      confirmedAfter: 62,
      conflictedAfter: 3,
      laterSeries: 24,
      laterSeriesByArrayOrder: 13,
    })
  })
})
