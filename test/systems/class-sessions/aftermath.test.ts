import { afterAll, beforeAll, expect, test } from 'vitest'
import { enforceGuards } from '../../../systems/class-sessions/enforce.ts'
import { advanceAll } from '../../../systems/class-sessions/generate.ts'
import { series, sessions } from '../../../systems/class-sessions/guards.ts'
import { incidentRows, loadRows } from '../../../systems/class-sessions/incident.ts'
import { scanIncident } from '../../../systems/class-sessions/incident-scan.ts'
import { emptyTables } from '../../../systems/class-sessions/tables.ts'
import { count, openSchool, type TestSchool } from './school.ts'

let school: TestSchool

beforeAll(async () => {
  school = await openSchool(0)
  await emptyTables(school.pool)
  await loadRows(school.pool, incidentRows())
})

afterAll(() => school?.drop())

const rows = async (text: string) => (await school.pool.query(text)).rows

/** Deletes what the report deleted: exact living 1:1 duplicates, keeping the earliest. */
const keepEarliest = `
  DELETE FROM class_sessions WHERE id IN (
    SELECT id FROM (
      SELECT id, row_number() OVER (
        PARTITION BY date, start_time, end_time, teacher_id, student_id
        ORDER BY created_at, id) AS place
      FROM class_sessions WHERE NOT is_cancelled AND student_id IS NOT NULL) AS ranked
    WHERE place > 1)`

/** Pauses what the report paused: later duplicates of an ACTIVE series. */
const pauseLater = `
  UPDATE class_series SET status = 'PAUSED' WHERE id IN (
    SELECT id FROM (
      SELECT id, row_number() OVER (
        PARTITION BY branch_id, teacher_id, student_id, start_time, end_time,
          (SELECT jsonb_agg(day ORDER BY day) FROM jsonb_array_elements(days_of_week) AS day)
        ORDER BY created_at, id) AS place
      FROM class_series WHERE status = 'ACTIVE') AS ranked
    WHERE place > 1)`

test('a scan finds the figures of the report and writes nothing', async () => {
  expect(await scanIncident(school.once)).toEqual({
    onTheDay: 93,
    distinctOnTheDay: 65,
    excessOnTheDay: 28,
    largestOnTheDay: [18, 8, 5],
    excess: 300,
    laterSeries: 24,
  })
  expect(await rows("SELECT FROM pg_namespace WHERE nspname = 'onceover'")).toEqual([])
})

test('a scan names the keeper of the 18: the earliest, the one that is CONFIRMED', async () => {
  const [report] = await school.once.scan(sessions)
  const largest = report?.duplicates.largest[0]
  expect(largest).toMatchObject({ rows: 18, keeper: { status: 'CONFIRMED' } })
  expect(largest?.losers.every((loser) => loser.status === 'CONFLICTED')).toBe(true)
})

test('the guards are refused while there are duplicates, and no index is left', async () => {
  await expect(school.once.enforce(sessions)).rejects.toMatchObject({ code: 'DUPLICATES_EXIST' })
  await expect(school.once.enforce(series)).rejects.toMatchObject({ code: 'DUPLICATES_EXIST' })
  expect(await rows("SELECT FROM pg_class WHERE relname LIKE 'ux_%'")).toEqual([])
})

test('an insert is refused while no guard stands', async () => {
  const run = advanceAll(school.once, { now: '2025-10-17T00:03:00Z', days: 7 })
  await expect(run).rejects.toMatchObject({ code: 'GUARD_NOT_ENFORCED' })
})

test('keeping the earliest removes 300 rows and leaves 62 CONFIRMED and 3 that day', async () => {
  const beside = await count(school, 'class_session_students')
  expect((await school.pool.query(keepEarliest)).rowCount).toBe(300)
  const day = await rows(
    `SELECT status, count(*)::int AS sessions FROM class_sessions
     WHERE date = '2025-10-23' GROUP BY status ORDER BY status`,
  )
  expect(day).toEqual([
    { status: 'CONFIRMED', sessions: 62 },
    { status: 'CONFLICTED', sessions: 3 },
  ])
  expect(await rows("SELECT FROM class_sessions WHERE status = 'CANCELLED'")).toHaveLength(2)
  expect(await count(school, 'class_session_students')).toBe(beside)
})

test('24 later series are paused, none is deleted', async () => {
  const before = await count(school, 'class_series')
  expect((await school.pool.query(pauseLater)).rowCount).toBe(24)
  expect(await count(school, 'class_series')).toBe(before)
})

test('then the guards stand, and another hourly run adds nothing to the day', async () => {
  await school.once.migrate()
  await enforceGuards(school)
  const indexes = await rows("SELECT relname FROM pg_class WHERE relname LIKE 'ux_%' ORDER BY 1")
  expect(indexes.map((index) => index.relname)).toEqual([
    'ux_class_series_active_private',
    'ux_class_session_students_unique',
    'ux_class_sessions_unique_1on1',
    'ux_class_sessions_unique_group',
  ])
  const run = await advanceAll(school.once, { now: '2025-10-23T00:03:00+09:00', days: 0 })
  expect(run).toMatchObject({ created: 0, skipped: 65 })
  expect(await scanIncident(school.once)).toMatchObject({
    onTheDay: 65,
    excess: 0,
    laterSeries: 0,
  })
})
