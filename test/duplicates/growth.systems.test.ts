import { readFile } from 'node:fs/promises'
import { type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { series, sessions } from '../../systems/class-sessions/guards.ts'
import { incidentRows, loadRows } from '../../systems/class-sessions/incident.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await db.pool.query(await readFile('systems/class-sessions/schema.sql', 'utf8'))
  await loadRows(db.pool, incidentRows())
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

test('the hourly generator of the class sessions is found out, and its series', async () => {
  const [report] = await once.scan(sessions, { growth: true })
  const growth = report?.growth
  expect(growth).toMatchObject({ column: 'created_at', excess: 300, unit: 'hour' })
  expect(growth?.rhythm).toMatchObject({
    every: 'hour',
    at: ':03–:05',
    text: 'hourly at :03–:05 since 2025-10-16',
  })
  expect(growth?.buckets.map(({ at, excess }) => [at.slice(11, 16), excess])).toEqual([
    ['11:00', 104],
    ['12:00', 146],
    ['13:00', 20],
    ['14:00', 20],
    ['15:00', 10],
  ])
  const { rows } = await db.pool.query(`SELECT series_id AS value, count(*)::int AS excess FROM (
      SELECT series_id, row_number() OVER (PARTITION BY date, start_time, end_time, teacher_id,
        student_id ORDER BY created_at, id) AS place FROM class_sessions
      WHERE ${sessions.where}) AS ranked WHERE place > 1 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`)
  expect(growth?.sources).toHaveLength(10)
  expect(growth?.sources).toMatchObject(rows.map((row) => ({ ...row, column: 'series_id' })))
})

test('series made by hand within minutes have no rhythm', async () => {
  const [report] = await once.scan(series, { growth: true })
  expect(report?.growth).toMatchObject({ excess: 24, unit: 'minute', sources: [] })
  expect(report?.growth).not.toHaveProperty('rhythm')
})
