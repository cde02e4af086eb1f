import { expect, test } from 'vitest'
import { Tally } from '../../src/cli/tally.ts'
import type { WorkVerdict } from '../../src/index.ts'

const unit = (student: number, verdict: Partial<WorkVerdict>): WorkVerdict => ({
  index: student,
  verdict: 'failed',
  key: { student },
  ...verdict,
})

test('the first ten troubles are kept, however many there are', () => {
  const tally = new Tally()
  tally.hear(Array.from({ length: 12 }, (_, student) => unit(student, {})))
  tally.hear([unit(99, { verdict: 'created' })])
  expect(tally.troubles.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(tally.hasSuspects).toBe(false)
})

test('units that may be parked are known by their keys, and the longest pause is kept', () => {
  const tally = new Tally()
  tally.hear([
    unit(1, { code: 'STEP_NEEDS_RECONCILE' }),
    unit(2, { code: 'ATTEMPT_FAILED', retryMs: 2000 }),
    unit(3, { code: 'ATTEMPT_FAILED', retryMs: 1000 }),
  ])
  expect(tally).toMatchObject({ parked: 1, retryMs: 2000, metExhausted: false, hasSuspects: true })
  expect([1, 2].map((student) => tally.isSuspect({ student }))).toEqual([true, false])
  tally.hear([unit(4, { code: 'ATTEMPTS_EXHAUSTED' })])
  expect(tally).toMatchObject({ parked: 1, metExhausted: true })
  expect(tally.isSuspect({ student: 4 })).toBe(true)
})

test('units that were given back are counted', () => {
  const tally = new Tally()
  tally.hear([unit(1, { verdict: 'cancelled', reason: 'the run was stopped' })])
  tally.hear([unit(2, { verdict: 'cancelled' })])
  expect(tally).toMatchObject({ givenBack: 1, troubles: [] })
})
