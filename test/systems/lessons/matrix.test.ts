import { afterAll, beforeAll, expect, test } from 'vitest'
import { draftLesson } from '../../../systems/lessons/draft.ts'
import { drafting } from '../../../systems/lessons/drafting.ts'
import { PROVIDER, SCHOOL } from '../../../systems/lessons/fixture.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
  // Of two events at one time one lesson is made; of one without a time, none.
  await system.pool.query(
    `INSERT INTO calendar_events
       (provider_id, school_id, event_date, start_time, end_time, student)
     VALUES ($1, $2, '2026-03-02', '08:15', '08:45', 'Ada'),
            ($1, $2, '2026-03-02', '08:15', '08:45', 'Ben'),
            ($1, $2, '2026-03-03', '09:15', '09:45', 'Ada'),
            ($1, $2, '2026-03-03', NULL, NULL, 'Cem'),
            ($1, NULL, '2026-03-03', '09:15', '09:45', 'Dana')`,
    [PROVIDER, SCHOOL],
  )
})
afterAll(() => system.drop())

test('the calendar says which lessons are missing, and they can be made of it', async () => {
  const work = drafting(draftLesson)
  const days = { from: '2026-03-01', to: '2026-03-07' }
  const states = async () =>
    (await system.once.matrix(work, days)).rows.map(({ entity, states }) => [entity, states])
  expect(await states()).toEqual([
    ['08:15-08:45', 'm.'],
    ['09:15-09:45', '.m'],
  ])
  expect((await system.once.run(work, days)).totals).toMatchObject({ created: 2, failed: 0 })
  expect((await states()).map(([, each]) => each)).toEqual(['d.', '.d'])
  const { rows } = await system.pool.query(
    `SELECT content -> 'students' AS students FROM ai_generated_lessons
     WHERE lesson_date > '2026-03-01' ORDER BY lesson_date`,
  )
  expect(rows.map(({ students }) => students)).toEqual([['Ada', 'Ben'], ['Ada']])
})
