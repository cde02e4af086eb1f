import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { healthyRows } from '../../../systems/class-sessions/incident.ts'
import { BRANCH, idOf } from '../../../systems/class-sessions/incident-rows.ts'
import { createSeries, settleBranches } from '../../../systems/class-sessions/series.ts'
import { count, guardedSchool, openSchool, reopen, type TestSchool } from './school.ts'

let school: TestSchool

beforeAll(async () => {
  school = await guardedSchool(0)
})

beforeEach(() => reopen(school, 0))

afterAll(() => school?.drop())

const request = {
  teacher_id: idOf('teacher', 1),
  student_id: idOf('student', 1),
  start_time: '20:00',
  end_time: '21:30',
  days_of_week: [3, 1],
}

const create = (change: Partial<typeof request> & { branch_id?: string } = {}) =>
  createSeries(school.once, school.pool, { ...request, ...change })

async function created(change: Parameters<typeof create>[0] = {}): Promise<string> {
  const outcome = await create(change)
  if (outcome.outcome !== 'created') throw new Error(outcome.outcome)
  return outcome.series
}

test('a series is created once; the second request is told the first one', async () => {
  const series = await created()
  expect(await create()).toEqual({ outcome: 'duplicate', existing: series, branch: BRANCH })
  expect(await count(school, 'class_series')).toBe(1)
})

test('the order and the repeats of the weekdays make no other series', async () => {
  const series = await created({ days_of_week: [3, 1] })
  expect(await create({ days_of_week: [1, 3] })).toMatchObject({ existing: series })
  expect(await create({ days_of_week: [3, 1, 3] })).toMatchObject({ existing: series })
  expect(await create({ days_of_week: [1] })).toMatchObject({ outcome: 'created' })
})

test('the weekdays are stored as they came', async () => {
  await created({ days_of_week: [3, 1] })
  const { rows } = await school.pool.query('SELECT days_of_week FROM class_series')
  expect(rows).toEqual([{ days_of_week: [3, 1] }])
})

test("the effective branch is the request's own, else the student's", async () => {
  const other = idOf('branch', 2)
  await school.pool.query(
    "INSERT INTO branches (id, name, time_zone) VALUES ($1, 'Other branch', 'Asia/Tokyo')",
    [other],
  )
  const atHome = await created()
  expect(await create({ branch_id: BRANCH })).toMatchObject({ existing: atHome, branch: BRANCH })
  const away = await created({ branch_id: other })
  expect(await create({ branch_id: other })).toMatchObject({ existing: away, branch: other })
  expect(await create()).toMatchObject({ existing: atHome })
})

test('a series may be created again once the first is paused', async () => {
  const series = await created()
  await school.pool.query("UPDATE class_series SET status = 'PAUSED' WHERE id = $1", [series])
  expect(await create()).toMatchObject({ outcome: 'created' })
})

test('of many equal requests at once one creates, the others are told its id', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      create({ days_of_week: index % 2 === 0 ? [1, 3] : [3, 1] }),
    ),
  )
  const [winner, ...rest] = outcomes.filter((outcome) => outcome.outcome === 'created')
  expect(rest).toEqual([])
  const duplicates = outcomes.filter((outcome) => outcome.outcome === 'duplicate')
  expect(duplicates).toHaveLength(7)
  const existing = duplicates.map((outcome) => outcome.existing)
  expect(new Set(existing)).toEqual(new Set([winner?.series]))
})

test('an unknown student and an unknown teacher are told apart', async () => {
  expect(await create({ student_id: idOf('student', 999) })).toEqual({
    outcome: 'unknown-student',
  })
  expect(await create({ teacher_id: idOf('teacher', 999) })).toMatchObject({
    outcome: 'refused',
    constraint: 'class_series_teacher_id_fkey',
  })
})

test('a direct INSERT of a duplicate, its weekdays turned round, is refused', async () => {
  await created({ days_of_week: [1, 3] })
  const again = school.pool.query(
    `INSERT INTO class_series
       (branch_id, teacher_id, student_id, start_time, end_time, days_of_week)
     SELECT branch_id, teacher_id, student_id, start_time, end_time, '[3, 1]' FROM class_series`,
  )
  await expect(again).rejects.toMatchObject({
    code: '23505',
    constraint: 'ux_class_series_active_private',
  })
})

test('old series that leave the branch open get the one that was meant', async () => {
  const old = await openSchool(2)
  try {
    await old.pool.query('UPDATE class_series SET branch_id = NULL')
    expect(await settleBranches(old.pool)).toBe(2)
    const { rows } = await old.pool.query('SELECT DISTINCT branch_id FROM class_series')
    expect(rows).toEqual([{ branch_id: BRANCH }])
    const [series] = healthyRows(1).class_series
    await expect(
      old.pool.query('UPDATE class_series SET branch_id = NULL WHERE id = $1', [series?.id]),
    ).rejects.toMatchObject({ code: '23502' })
  } finally {
    await old.drop()
  }
})
