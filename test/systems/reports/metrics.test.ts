import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFingerprints } from '../../../systems/reports/fingerprints.ts'
import {
  addAttempts,
  addSessions,
  createSchema,
  deedsOf,
  plantStudents,
  student,
} from '../../../systems/reports/fixture.ts'
import { readMetrics } from '../../../systems/reports/metrics.ts'
import { type Period, windowOn } from '../../../systems/reports/period.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { modelOf } from './model.ts'

const WEEK = '2026-03-29'
const STUDENTS = 24
const MINA = { userId: '57d00000-0000-4000-8000-ffffffffffff', timeZone: 'America/Los_Angeles' }

let database: TestDatabase

const askedFor = (period: Period, ...students: readonly number[]) =>
  students.map((n) => {
    const { id, timeZone } = student(n)
    return { userId: id, ...windowOn(period, timeZone, WEEK) }
  })

const everyone = Array.from({ length: STUDENTS }, (_, n) => n)

beforeAll(async () => {
  database = await testDatabase()
  await createSchema(database.pool)
  await plantStudents(database.pool, { students: STUDENTS, week: WEEK })
  await database.pool.query("INSERT INTO users VALUES ($1, 'Mina', $2)", [
    MINA.userId,
    MINA.timeZone,
  ])
})
afterAll(() => database.drop())

test('the metrics of many students come from one statement and are those of the rows', async () => {
  const deeds = deedsOf({ students: STUDENTS, week: WEEK })
  for (const period of ['weekly', 'monthly'] as const) {
    const asked = askedFor(period, ...everyone)
    let statements = 0
    const counted = {
      query: (text: string, values?: unknown[]) => {
        statements++
        return database.pool.query(text, values)
      },
    }
    const read = await readMetrics(counted, asked)
    expect(statements).toBe(1)
    for (const [place, each] of asked.entries()) {
      expect(read[place]).toEqual(modelOf(deeds, student(everyone[place] ?? -1), each))
    }
  }
})

const mina = windowOn('weekly', MINA.timeZone, '2026-01-21')

test('minutes, days and the streak are those of the student’s own calendar', async () => {
  // Sunday night to Monday morning, half an hour on either side of midnight in Los Angeles.
  const session = { user_id: MINA.userId, companions: 0, mood: null }
  const id = (n: number) => `00000000-0000-4000-8000-0000000000${n}`
  await addSessions(database.pool, [
    {
      ...session,
      ...{ id: id(10), started_at: '2026-01-19T07:30:00Z', ended_at: '2026-01-19T08:30:00Z' },
    },
    {
      ...session,
      ...{ id: id(11), started_at: '2026-01-20T20:00:00Z', ended_at: '2026-01-20T20:45:00Z' },
    },
  ])
  const attempt = { user_id: MINA.userId, subject: 'music', is_correct: true }
  await addAttempts(database.pool, [
    { ...attempt, id: id(20), answered_at: '2026-01-22T07:59:59.999Z' },
    { ...attempt, id: id(21), answered_at: '2026-01-26T07:59:59Z' },
    { ...attempt, id: id(22), answered_at: '2026-01-26T08:00:00Z' },
  ])

  const [found] = await readMetrics(database.pool, [{ ...mina, userId: MINA.userId }])

  expect(found).toMatchObject({ questions: 2, studyMinutes: 75, minutesTrend: 45, sessions: 2 })
  expect(found?.days).toEqual([
    { date: '2026-01-19', questions: 0, correct: 0, minutes: 30 },
    { date: '2026-01-20', questions: 0, correct: 0, minutes: 45 },
    { date: '2026-01-21', questions: 1, correct: 1, minutes: 0 },
    { date: '2026-01-25', questions: 1, correct: 1, minutes: 0 },
  ])
  expect(found?.streak).toBe(3)
})

test('one who did nothing has zeros and no grade; an unknown student has no metrics', async () => {
  const idle = windowOn('weekly', MINA.timeZone, '2020-01-01')
  const nobody = { ...mina, userId: '57d00000-0000-4000-8000-eeeeeeeeeeee' }
  expect(await readMetrics(database.pool, [{ ...idle, userId: MINA.userId }, nobody])).toEqual([
    expect.objectContaining({ questions: 0, accuracy: null, grade: null, days: [], streak: 0 }),
    undefined,
  ])
  expect(await readFingerprints(database.pool, [nobody])).toEqual([null])
})

test('the fingerprint changes with the rows of both periods and with nothing else', async () => {
  const asked = askedFor('weekly', ...everyone)
  const before = await readFingerprints(database.pool, asked)
  expect(new Set(before).size).toBe(STUDENTS)
  const other = await database.pool.connect()
  await other.query("SET TIME ZONE 'Asia/Tokyo'; SET DateStyle = 'German'")
  expect(await readFingerprints(other, asked)).toEqual(before)
  other.release(true)

  const add = (n: number, at: string, place: number) =>
    addAttempts(database.pool, [
      {
        ...{ id: `00000000-0000-4000-8000-0000000001${place}`, user_id: student(n).id },
        ...{ subject: 'art', is_correct: false, answered_at: at },
      },
    ])
  await add(0, asked[0]?.startsAt ?? '', 10)
  await add(1, asked[1]?.previousStartsAt ?? '', 11)
  await add(2, asked[2]?.endsAt ?? '', 12)
  const after = await readFingerprints(database.pool, asked)
  const changed = everyone.filter((n) => after[n] !== before[n])
  expect(changed).toEqual([0, 1])
})

test('a question that was marked again changes the fingerprint', async () => {
  const asked = askedFor('weekly', 3)
  const before = await readFingerprints(database.pool, asked)
  await database.pool.query(
    `UPDATE question_attempts SET is_correct = NOT is_correct WHERE id = (
       SELECT id FROM question_attempts WHERE user_id = $1 AND answered_at >= $2 LIMIT 1)`,
    [asked[0]?.userId, asked[0]?.startsAt],
  )
  expect(await readFingerprints(database.pool, asked)).not.toEqual(before)
})
