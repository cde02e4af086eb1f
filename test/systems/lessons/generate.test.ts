import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FALLBACK_SLOT, PROVIDER, SCHOOL } from '../../../systems/lessons/fixture.ts'
import { generateLessons } from '../../../systems/lessons/generate.ts'
import type { LessonGroup } from '../../../systems/lessons/groups.ts'
import { traceRequest } from '../../../systems/lessons/queries.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
})
afterAll(() => system.drop())

const on = (lessonDate: string, timeSlot: string): LessonGroup => ({
  schoolId: SCHOOL,
  lessonDate,
  timeSlot,
})
const request = (groups: readonly LessonGroup[], providerId = PROVIDER) => ({
  providerId,
  requestedBy: 'test',
  groups,
})

describe('a batch request', () => {
  test('gets a verdict per group in its order, whatever is wrong with some', async () => {
    const date = '2025-10-01'
    const { groups, totals } = await generateLessons(
      system,
      request([
        on(date, FALLBACK_SLOT),
        on(date, '08:00-08:30'),
        on('2025-02-30', '08:00-08:30'),
        { lessonDate: date, timeSlot: '09:00-09:30' },
        on(date, '08:00-08:30'),
        on(date, 'a\0b'),
        on(date, '\ud800'),
        { ...on(date, '10:00-10:30'), schoolId: 'north' },
        { ...on(date, '10:00-10:30'), schoolId: '5c000000-0000-4000-8000-00000000dead' },
        on(date, '11:00-11:30'),
      ]),
    )
    expect(groups.map(({ index, verdict }) => [index, verdict])).toEqual([
      [0, 'invalid'],
      [1, 'created'],
      [2, 'invalid'],
      [3, 'invalid'],
      [4, 'collided'],
      [5, 'invalid'],
      [6, 'invalid'],
      [7, 'invalid'],
      [8, 'failed'],
      [9, 'created'],
    ])
    expect(totals).toEqual({ created: 2, invalid: 6, collided: 1, failed: 1 })
    expect(groups[8]).toMatchObject({ sqlstate: '23503', cause: null })
    expect((await system.lessonsOn(date)).map(([, slot]) => slot)).toEqual([
      '08:00-08:30',
      '11:00-11:30',
    ])
  })

  test('can be traced from the request through each group to its row', async () => {
    const date = '2025-10-02'
    await generateLessons(system, request([on(date, '08:00-08:30')]))
    const sent = [on(date, '08:00-08:30'), on(date, '\ud800'), on(date, '09:00-09:30')]
    const answer = await generateLessons(system, request(sent))
    const trace = await traceRequest(system.pool, answer.request)
    expect(trace).toMatchObject({
      id: answer.request,
      requested_by: 'test',
      run_id: answer.run,
      groups: [
        {
          index: 0,
          attempted: { school_id: SCHOOL, lesson_date: date, time_slot: '08:00-08:30' },
          verdict: 'skipped',
          cause: 'retry-of-finished-work',
          lesson: { id: answer.groups[0]?.lesson, time_slot: '08:00-08:30' },
        },
        { index: 1, attempted: { time_slot: '\ud800' }, verdict: 'invalid', lesson: null },
        {
          index: 2,
          verdict: 'created',
          lesson: { request_id: answer.request, request_position: 2, time_slot: '09:00-09:30' },
        },
      ],
    })
  })

  test('leaves its skips and what it made in the audit, under its run', async () => {
    const date = '2025-10-03'
    await generateLessons(system, request([on(date, '08:00-08:30')]))
    const { run } = await generateLessons(
      system,
      request([on(date, '08:00-08:30'), on(date, '09:00-09:30')]),
    )
    const events = await system.once.events({ run: run ?? '' })
    expect(events.map(({ verdict, actor }) => [verdict, actor]).sort()).toEqual([
      ['created', 'test'],
      ['skipped', 'test'],
    ])
  })
})

describe('drafting', () => {
  test('is not paid for what exists, is invalid, or stands earlier in the request', async () => {
    const date = '2025-10-06'
    const drafted: (string | null | undefined)[] = []
    const counting = {
      ...system,
      draft: async ({ timeSlot }: LessonGroup) => {
        drafted.push(timeSlot)
        return { title: timeSlot }
      },
    }
    await generateLessons(counting, request([on(date, '08:00-08:30')]))
    await generateLessons(
      counting,
      request([
        on(date, '08:00-08:30'),
        on(date, FALLBACK_SLOT),
        on(date, '09:00-09:30'),
        on(date, '09:00-09:30'),
      ]),
    )
    expect(drafted).toEqual(['08:00-08:30', '09:00-09:30'])
  })

  test('that fails is the verdict of its group; the same key later is tried again', async () => {
    const date = '2025-10-07'
    let calls = 0
    const failing = {
      ...system,
      draft: async ({ timeSlot }: LessonGroup) => {
        if (timeSlot === '08:00-08:30' && ++calls === 1) throw new Error('The model is busy.')
        return { title: timeSlot }
      },
    }
    const { groups } = await generateLessons(
      failing,
      request([on(date, '08:00-08:30'), on(date, '09:00-09:30'), on(date, '08:00-08:30')]),
    )
    expect(groups.map(({ verdict }) => verdict)).toEqual(['failed', 'created', 'created'])
    expect(groups[0]?.says).toContain('The model is busy.')
    const { rows } = await system.pool.query(
      `SELECT content->>'title' AS title FROM ai_generated_lessons
       WHERE lesson_date = $1 ORDER BY time_slot`,
      [date],
    )
    expect(rows).toEqual([{ title: '08:00-08:30' }, { title: '09:00-09:30' }])
  })

  test('that fails for good leaves no empty lesson behind', async () => {
    const date = '2025-10-08'
    const broken = {
      ...system,
      draft: async (): Promise<never> => {
        throw new Error('No model.')
      },
    }
    const { groups } = await generateLessons(
      broken,
      request([on(date, '08:00-08:30'), on(date, '08:00-08:30')]),
    )
    expect(groups.map(({ verdict }) => verdict)).toEqual(['failed', 'failed'])
    expect(await system.lessonsOn(date)).toEqual([])
  })
})

test('equal requests at once make each lesson once, and every one of them is told so', async () => {
  const date = '2025-10-09'
  const slots = ['08:00-08:30', '09:00-09:30', '10:00-10:30', '11:00-11:30']
  const answers = await Promise.all(
    [0, 1, 2, 3, 4, 5].map(() =>
      generateLessons(system, request(slots.map((slot) => on(date, slot)))),
    ),
  )
  const verdicts = answers.flatMap(({ groups }) => groups.map(({ verdict }) => verdict))
  expect(verdicts.filter((verdict) => verdict === 'created')).toHaveLength(slots.length)
  expect(verdicts.filter((verdict) => verdict === 'skipped')).toHaveLength(5 * slots.length)
  expect(await system.lessonsOn(date)).toHaveLength(slots.length)
})
