import { expect, test } from 'vitest'
import { CAUSES, causeOf, type Evidence, MEANING } from '../../../systems/lessons/causes.ts'

const EVIDENCE: Evidence = {
  foreseen: 'created',
  verdict: 'created',
  attempted: {
    provider_id: 'provider',
    school_id: 'school',
    lesson_date: '2025-09-08',
    time_slot: '08:30-09:00',
  },
  narrower: [],
}

test('a lesson that was made has no cause', () => {
  expect(causeOf(EVIDENCE)).toBeNull()
})

test('a unique violation is a narrower constraint only where that constraint is one', () => {
  const failed = { ...EVIDENCE, verdict: 'failed', sqlstate: '23505', constraint: 'some_other' }
  expect(causeOf(failed)).toBeNull()
  expect(causeOf({ ...failed, narrower: ['some_other'] })).toBe('narrower-constraint')
  expect(causeOf({ ...failed, sqlstate: '23503', narrower: ['some_other'] })).toBeNull()
})

test('an invalid group that is whole and in no made-up slot is none of the six', () => {
  expect(causeOf({ ...EVIDENCE, verdict: 'invalid' })).toBeNull()
})

test('a missing part comes before the fallback: with both, the part is asked for first', () => {
  const attempted = { ...EVIDENCE.attempted, school_id: null, time_slot: 'structured' }
  expect(causeOf({ ...EVIDENCE, verdict: 'invalid', attempted })).toBe('missing-key-part')
})

test('the six causes have the letters a to f and a meaning each', () => {
  expect(Object.values(CAUSES).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(Object.keys(MEANING)).toEqual(Object.keys(CAUSES))
})
