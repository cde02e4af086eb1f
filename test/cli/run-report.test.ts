import { expect, test } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import {
  givenBackBy,
  isGivenBack,
  isPartial,
  progressLine,
  renderTotals,
  renderTroubles,
  unitsInWords,
} from '../../src/cli/run-report.ts'
import type { Totals } from '../../src/index.ts'

const page = new Output({ stdout: process.stdout, stderr: process.stderr, env: {} }, false)
const plain = { colors: page.colors, columns: Number.POSITIVE_INFINITY }

const EMPTY = {
  created: 0,
  replaced: 0,
  allowed: 0,
  skipped: 0,
  collided: 0,
  invalid: 0,
  failed: 0,
}
const totals = (found: Partial<Totals>): Totals => ({
  ...EMPTY,
  in_flight: 0,
  cancelled: 0,
  rows: Object.values(found).reduce((sum, units) => sum + units, 0),
  ...found,
})

test('progress is what was done, what runs and waits, and how fast', () => {
  const progress = {
    run: 'r',
    totals: totals({ created: 1200, failed: 2 }),
    running: 8,
    waiting: 90,
  }
  expect(progressLine(progress, 12.4)).toBe(
    '12s  1,200 created, 2 failed  8 running  90 waiting  97/s',
  )
  expect(progressLine({ ...progress, totals: totals({}), waiting: 0 }, 0.2)).toBe('0s  8 running')
})

test('a run is done in part where it was stopped or left units behind', () => {
  const done = { state: 'done', totals: totals({ created: 1, skipped: 2, collided: 1 }) } as const
  expect(isPartial(done)).toBe(false)
  expect(isPartial({ ...done, state: 'stopped' })).toBe(true)
  for (const name of ['failed', 'invalid', 'in_flight', 'cancelled'] as const) {
    expect(isPartial({ ...done, totals: totals({ [name]: 1 }) })).toBe(true)
  }
})

test('totals name the verdicts that fell', () => {
  expect(unitsInWords(totals({}))).toBe('no units')
  expect(unitsInWords(totals({ created: 2, in_flight: 1 }))).toBe('2 created, 1 in flight')
  expect(renderTotals(totals({ created: 1200, in_flight: 1 }))).toEqual([
    '  created    1,200',
    '  in flight      1',
  ])
})

test('units that a stopped run gave back are no cancelled ones', () => {
  const found = totals({ created: 1, cancelled: 5 })
  expect(unitsInWords(found, 5)).toBe('1 created, 5 given back')
  expect(renderTotals(found, 4)).toEqual(['  created     1', '  cancelled   1', '  given back  4'])
  expect(givenBackBy({ state: 'stopped', totals: found })).toBe(5)
  expect(givenBackBy({ state: 'cancelled', totals: found })).toBe(0)
  const verdict = { index: 0, verdict: 'cancelled', key: {} } as const
  expect(isGivenBack({ ...verdict, reason: 'the run was stopped' })).toBe(true)
  expect(isGivenBack(verdict)).toBe(false)
})

test('of units in flight and in a pause is said how long', () => {
  const key = { day: '2025-10-01' }
  const lines = renderTroubles(
    [
      { index: 0, verdict: 'in_flight', key, heldMs: 27_001 },
      { index: 1, verdict: 'in_flight', key },
      { index: 2, verdict: 'failed', key, reason: 'late', retryMs: 9_500, attempt: 1 },
    ],
    3,
    plain,
  )
  expect(lines.slice(2)).toEqual([
    '  in flight  day=2025-10-01  held by another worker for at most 28 s if it died',
    '  in flight  day=2025-10-01  held by another worker',
    '  failed     day=2025-10-01  late; tried again in 10 s',
  ])
})

test('units that leave something to do are named with the reason', () => {
  const failed = { index: 0, verdict: 'failed', key: { day: '2025-10-01', room: null } } as const
  const lines = renderTroubles([{ ...failed, code: 'MAKE_TIMED_OUT', reason: 'late' }], 3, plain)
  expect(lines).toEqual([
    '',
    '  verdict  key                       why',
    '  failed   day=2025-10-01 room=NULL  MAKE_TIMED_OUT: late',
    '  and 2 more',
  ])
  expect(renderTroubles([], 0, plain)).toEqual([])
})
