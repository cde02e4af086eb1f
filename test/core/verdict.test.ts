import { expect, test } from 'vitest'
import { emptyTotals, totalsOf, VERDICTS, type VerdictName } from '../../src/core/verdict.ts'

test('totals count each verdict and all rows', () => {
  const verdicts: VerdictName[] = ['created', 'created', 'failed', 'collided']
  expect(totalsOf(verdicts.map((verdict) => ({ verdict })))).toEqual({
    ...emptyTotals(),
    rows: 4,
    created: 2,
    failed: 1,
    collided: 1,
  })
})

test('totals of nothing have a zero for every verdict, and none is shared', () => {
  const totals = emptyTotals()
  expect(Object.keys(totals)).toEqual(['rows', ...VERDICTS])
  expect(new Set(Object.values(totals))).toEqual(new Set([0]))
  totals.created++
  expect(emptyTotals().created).toBe(0)
})
