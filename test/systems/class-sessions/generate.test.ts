import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  advance,
  advanceAll,
  extend,
  type Generated,
  type Refused,
} from '../../../systems/class-sessions/generate.ts'
import { series } from '../../../systems/class-sessions/guards.ts'
import { BRANCH, idOf } from '../../../systems/class-sessions/incident-rows.ts'
import { count, guardedSchool, reopen, type TestSchool } from './school.ts'

let school: TestSchool

beforeAll(async () => {
  school = await guardedSchool(1)
})

beforeEach(() => reopen(school, 1))

afterAll(() => school?.drop())

const ahead = { now: '2025-10-16T16:03:00Z', days: 14 }
const thursdays = idOf('series', 1)

function generated(outcome: Generated | Refused): Generated {
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused}`)
  return outcome
}

/** Moves the school's branch to another zone and its first series to Sundays at a given time. */
async function onSundays(zone: string, start: string, end: string): Promise<void> {
  await school.pool.query('UPDATE branches SET time_zone = $1', [zone])
  await school.pool.query(
    `UPDATE class_series SET days_of_week = '[7]', start_time = $1, end_time = $2`,
    [start, end],
  )
}

test('an hourly run makes each session once, however often it runs', async () => {
  await reopen(school, 6)
  const first = await advanceAll(school.once, ahead)
  expect(first).toMatchObject({ created: 20, skipped: 0 })
  for (let hour = 0; hour < 3; hour += 1) {
    const again = await advanceAll(school.once, ahead)
    expect(again).toMatchObject({ created: 0, skipped: 20 })
    expect(again.dates.map((date) => date.session)).toEqual(first.dates.map((date) => date.session))
  }
  expect(await count(school, 'class_sessions')).toBe(20)
})

test('many runs at once make each session once', async () => {
  await reopen(school, 6)
  const runs = await Promise.all(Array.from({ length: 6 }, () => advanceAll(school.once, ahead)))
  expect(await count(school, 'class_sessions')).toBe(20)
  expect(runs.reduce((sum, run) => sum + run.created, 0)).toBe(20)
  expect(runs.reduce((sum, run) => sum + run.skipped, 0)).toBe(5 * 20)
})

test('of two ACTIVE series of one key in one run the later one collides', async () => {
  await school.pool.query(
    `DROP INDEX ux_class_series_active_private;
     INSERT INTO class_series
       (branch_id, teacher_id, student_id, start_time, end_time, days_of_week)
     SELECT branch_id, teacher_id, student_id, start_time, end_time, days_of_week
     FROM class_series`,
  )
  const run = await advanceAll(school.once, ahead)
  expect(run.dates.map((date) => [date.date, date.verdict])).toEqual([
    ['2025-10-23', 'created'],
    ['2025-10-30', 'created'],
    ['2025-10-23', 'collided'],
    ['2025-10-30', 'collided'],
  ])
  await reopen(school, 0)
  await school.once.enforce(series)
})

test('extending answers for every date: created, or skipped with what stood', async () => {
  const first = generated(await advance(school.once, thursdays, ahead))
  expect(first.dates.map((date) => date.date)).toEqual(['2025-10-23', '2025-10-30'])
  const range = { from: '2025-10-23', until: '2025-11-06' }
  const more = generated(await extend(school.once, thursdays, range))
  expect(more).toMatchObject({ created: 1, skipped: 2 })
  expect(more.dates).toMatchObject([
    { date: '2025-10-23', verdict: 'skipped', reason: 'exists', session: first.dates[0]?.session },
    { date: '2025-10-30', verdict: 'skipped', reason: 'exists', session: first.dates[1]?.session },
    { date: '2025-11-06', verdict: 'created', reason: null },
  ])
})

test('a cancelled session may be made again', async () => {
  await advance(school.once, thursdays, ahead)
  await school.pool.query(
    "UPDATE class_sessions SET is_cancelled = true, status = 'CANCELLED' WHERE date = '2025-10-23'",
  )
  const again = generated(await advance(school.once, thursdays, ahead))
  expect(again.dates.map((date) => date.verdict)).toEqual(['created', 'skipped'])
})

test('the horizon begins on the date of the branch, not of UTC', async () => {
  const sixteenth = { now: '2025-10-16T14:59:00Z', days: 7 }
  const dates = generated(await advance(school.once, thursdays, sixteenth)).dates
  expect(dates.map((date) => date.date)).toEqual(['2025-10-16', '2025-10-23'])
  await school.pool.query('DELETE FROM class_sessions')
  const seventeenth = { now: '2025-10-16T15:00:00Z', days: 7 }
  const later = generated(await advance(school.once, thursdays, seventeenth)).dates
  expect(later.map((date) => date.date)).toEqual(['2025-10-23'])
})

test('a local time that never comes is told for its date, and nothing is made', async () => {
  await onSundays('America/New_York', '02:30', '03:30')
  const range = { from: '2025-03-02', until: '2025-03-16' }
  const { dates } = generated(await extend(school.once, thursdays, range))
  expect(dates).toMatchObject([
    { date: '2025-03-02', verdict: 'created' },
    { date: '2025-03-09', verdict: 'nonexistent', clock: 'never', session: null },
    { date: '2025-03-16', verdict: 'created' },
  ])
  expect(await count(school, 'class_sessions')).toBe(2)
})

test('a local time that comes twice is made once', async () => {
  await onSundays('America/New_York', '01:30', '02:30')
  const range = { from: '2025-11-02', until: '2025-11-02' }
  const first = generated(await extend(school.once, thursdays, range))
  expect(first.dates).toMatchObject([{ clock: 'twice', verdict: 'created' }])
  const again = generated(await extend(school.once, thursdays, range))
  expect(again.dates).toMatchObject([{ clock: 'twice', verdict: 'skipped' }])
})

test('the same local date and time after a change of the clocks is another key', async () => {
  await onSundays('America/New_York', '18:00', '19:00')
  const range = { from: '2025-10-26', until: '2025-11-09' }
  await extend(school.once, thursdays, range)
  const { rows } = await school.pool.query(
    'SELECT date::text, start_time::text FROM class_sessions ORDER BY date',
  )
  expect(rows).toEqual([
    { date: '2025-10-26', start_time: '18:00:00' },
    { date: '2025-11-02', start_time: '18:00:00' },
    { date: '2025-11-09', start_time: '18:00:00' },
  ])
})

test('nothing is made from a paused or an unknown series', async () => {
  await school.pool.query("UPDATE class_series SET status = 'PAUSED'")
  expect(await advance(school.once, thursdays, ahead)).toEqual({ refused: 'not-active' })
  expect(await advance(school.once, idOf('series', 99), ahead)).toEqual({ refused: 'unknown' })
  expect((await advanceAll(school.once, ahead)).dates).toEqual([])
})

test('a date that breaks another constraint fails alone', async () => {
  await school.pool.query(
    "ALTER TABLE class_sessions ADD CONSTRAINT holiday CHECK (date <> '2025-10-23')",
  )
  const { dates } = generated(await advance(school.once, thursdays, ahead))
  expect(dates.map((date) => date.verdict)).toEqual(['failed', 'created'])
  await school.pool.query('ALTER TABLE class_sessions DROP CONSTRAINT holiday')
})

test('a session that overlaps another one is made, as CONFLICTED', async () => {
  await reopen(school, 2)
  await school.pool.query(
    `UPDATE class_series SET teacher_id = $1, start_time = '18:00', end_time = '19:00',
       days_of_week = '[4]', branch_id = $2`,
    [idOf('teacher', 1), BRANCH],
  )
  await advanceAll(school.once, { ...ahead, days: 7 })
  const { rows } = await school.pool.query('SELECT status FROM class_sessions ORDER BY status')
  expect(rows).toEqual([{ status: 'CONFIRMED' }, { status: 'CONFLICTED' }])
})
