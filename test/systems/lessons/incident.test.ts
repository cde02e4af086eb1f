import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LessonAnswer } from '../../../systems/lessons/answer.ts'
import { OTHER_SCHOOL, SCHOOL } from '../../../systems/lessons/fixture.ts'
import { lessons } from '../../../systems/lessons/guards.ts'
import {
  fallbackSlot,
  lostRace,
  missingSchool,
  narrowerConstraint,
  overlappingSlots,
  refusedOverlap,
  retryOfFinishedWork,
  sameKeyTwice,
} from '../../../systems/lessons/incident.ts'
import { type TestSystem, testSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await testSystem()
})
afterAll(() => system.drop())

const outcomes = ({ groups }: LessonAnswer) =>
  groups.map(({ index, verdict, cause }) => [index, verdict, cause])

describe('the incident', () => {
  test('needs no schema change: the constraint that was there is the guard', () => {
    expect(system.enforced).toMatchObject({
      index: 'ai_generated_lessons_unique_lesson',
      created: false,
      ddl: '',
    })
  })

  test('shows a scan 24 lessons, no duplicate, and the fallback for a slot', async () => {
    const [report] = await system.once.scan([lessons])
    expect(report?.rows).toBe(24)
    expect(report?.duplicates.groups).toBe(0)
    expect(report?.parts.find(({ name }) => name === 'time_slot')?.forbidden).toEqual([
      { value: 'structured', rows: 1 },
    ])
    expect(report?.findings.map(({ code }) => code).sort()).toEqual([
      'forbidden_values',
      'overlapping_ranges',
    ])
    expect(report?.overlaps).toMatchObject({ clusters: 3, rows: 6 })
  })
})

describe('each cause is produced and told apart', () => {
  test('(a) the same key twice in one request', async () => {
    const answer = await sameKeyTwice(system)
    expect(outcomes(answer)).toEqual([
      [0, 'created', null],
      [1, 'created', null],
      [2, 'collided', 'repeated-in-request'],
      [3, 'created', null],
    ])
    expect(answer.groups[2]).toMatchObject({ firstIndex: 0, lesson: null })
  })

  test('(b) a lost race', async () => {
    const answer = await lostRace(system)
    expect(outcomes(answer)).toEqual([[0, 'skipped', 'lost-race']])
    expect(answer.groups[0]?.lesson).toMatch(/^[0-9a-f-]{36}$/)
    expect(await system.lessonsOn('2025-09-09')).toHaveLength(1)
  })

  test('(c) a retry of finished work, whose lessons are named', async () => {
    const answer = await retryOfFinishedWork(system)
    expect(outcomes(answer)).toEqual([
      [0, 'skipped', 'retry-of-finished-work'],
      [1, 'skipped', 'retry-of-finished-work'],
    ])
    expect(new Set(answer.groups.map(({ lesson }) => lesson)).size).toBe(2)
    expect(await system.lessonsOn('2025-09-10')).toHaveLength(2)
  })

  test('(d) a missing school, which the constraint alone lets through', async () => {
    const answer = await missingSchool(system)
    expect(outcomes(answer)).toEqual([
      [0, 'invalid', 'missing-key-part'],
      [1, 'skipped', 'retry-of-finished-work'],
    ])
    expect(await system.lessonsOn('2025-09-11')).toEqual([[SCHOOL, '09:30-10:00']])
  })

  test('(e) the fallback instead of a slot', async () => {
    const answer = await fallbackSlot(system)
    expect(outcomes(answer)).toEqual([
      [0, 'invalid', 'fallback-value'],
      [1, 'created', null],
    ])
    expect(answer.groups[0]?.attempted.time_slot).toBe('structured')
  })

  test('(f) an older, narrower constraint, which is named', async () => {
    const answer = await narrowerConstraint(system)
    expect(outcomes(answer)).toEqual([
      [0, 'created', null],
      [1, 'failed', 'narrower-constraint'],
      [2, 'created', null],
    ])
    expect(answer.groups[1]).toMatchObject({
      sqlstate: '23505',
      constraint: 'ai_generated_lessons_provider_slot',
    })
    expect(await system.lessonsOn('2025-09-15')).toEqual([
      [SCHOOL, '08:30-09:00'],
      [SCHOOL, '09:30-10:00'],
      [OTHER_SCHOOL, '10:30-11:00'],
    ])
    const { coverage } = await system.once.inspect(lessons)
    expect(coverage.shadows).toMatchObject([
      { name: 'ai_generated_lessons_provider_slot', kind: 'narrower' },
    ])
  })

  test('(g) overlapping slots, which are made and told of', async () => {
    const answer = await overlappingSlots(system)
    expect(outcomes(answer)).toEqual([
      [0, 'created', 'overlapping-slots'],
      [1, 'created', 'overlapping-slots'],
      [2, 'created', null],
    ])
    expect(answer.groups[0]?.says).toContain('overlaps')
  })

  test('(g) overlapping slots, refused by a constraint that is named', async () => {
    const answer = await refusedOverlap(system)
    expect(outcomes(answer)).toEqual([
      [0, 'failed', 'overlapping-slots'],
      [1, 'created', null],
    ])
    expect(answer.groups[0]).toMatchObject({
      sqlstate: '23P01',
      constraint: 'ai_generated_lessons_no_overlap',
    })
    expect(await system.lessonsOn('2025-09-17')).toEqual([
      [SCHOOL, '10:20-10:50'],
      [SCHOOL, '11:20-11:50'],
    ])
  })
})
