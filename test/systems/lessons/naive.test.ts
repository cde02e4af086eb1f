import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  FALLBACK_SLOT,
  PROVIDER,
  plantIncident,
  plantPeople,
  SCHOOL,
} from '../../../systems/lessons/fixture.ts'
import { naiveRoutes } from '../../../systems/lessons/naive.ts'
import { createSchema } from '../../../systems/lessons/queries.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let database: TestDatabase
const count = async (where = 'true') => {
  const text = `SELECT count(*)::int AS n FROM ai_generated_lessons WHERE ${where}`
  const { rows } = await database.pool.query(text)
  return rows[0].n as number
}
const post = (groups: readonly object[]) =>
  naiveRoutes(database.pool).request('/requests', {
    method: 'POST',
    body: JSON.stringify({ providerId: PROVIDER, groups }),
  })
const group = (timeSlot: string, schoolId: string | null = SCHOOL) => ({
  schoolId,
  lessonDate: '2025-10-01',
  timeSlot,
})

beforeAll(async () => {
  database = await testDatabase()
  await createSchema(database.pool)
  await plantPeople(database.pool)
  await plantIncident(database.pool)
})
afterAll(() => database.drop())

describe('the incident as it was found', () => {
  test('has 24 lessons in 13 slots, one of them the fallback, and no duplicate', async () => {
    const { rows } = await database.pool.query(
      `SELECT count(*)::int AS lessons, count(DISTINCT time_slot)::int AS slots,
              count(*) FILTER (WHERE time_slot = $1)::int AS fallback,
              count(DISTINCT (provider_id, school_id, lesson_date, time_slot))::int AS keys
       FROM ai_generated_lessons WHERE lesson_date < '2025-09-06'`,
      [FALLBACK_SLOT],
    )
    expect(rows).toEqual([{ lessons: 24, slots: 13, fallback: 1, keys: 24 }])
  })

  test('has the overlap of 10:20-10:50 and 10:20-11:20 on one day', async () => {
    const { rows } = await database.pool.query(
      `SELECT lesson_date::text FROM ai_generated_lessons
       WHERE time_slot IN ('10:20-10:50', '10:20-11:20') GROUP BY 1 HAVING count(*) = 2`,
    )
    expect(rows).toEqual([{ lesson_date: '2025-09-03' }])
  })
})

describe('the naive batch', () => {
  test('answers 500 with the incident error when the request is sent again', async () => {
    expect((await post([group('08:00-08:30')])).status).toBe(200)
    const again = await post([group('08:00-08:30')])
    expect(again.status).toBe(500)
    expect(await again.json()).toEqual({
      error: 'duplicate key value violates unique constraint "ai_generated_lessons_unique_lesson"',
    })
  })

  test('fails the whole request for one lesson that exists', async () => {
    const answer = await post([group('08:00-08:30'), group('13:00-13:30')])
    expect(answer.status).toBe(500)
  })

  test('lets a missing school through again and again', async () => {
    await post([group('14:00-14:30', null)])
    await post([group('14:00-14:30', null)])
    expect(await count('school_id IS NULL')).toBe(2)
  })

  test('fails where the fallback stands for two slots of one request', async () => {
    const answer = await post([group(FALLBACK_SLOT), group(FALLBACK_SLOT)])
    expect(answer.status).toBe(500)
  })
})
