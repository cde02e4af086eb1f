import { expect, test } from 'vitest'
import { totalsOf } from '../../src/core/verdict.ts'
import { shown } from '../../src/server/verdicts.ts'

const verdicts = Array.from({ length: 1500 }, (_, index) => ({
  index,
  verdict: index % 300 === 299 ? ('skipped' as const) : ('created' as const),
  key: { visitor: index },
}))

test('of many verdicts those that somebody must see have their place, in input order', () => {
  const told = shown({ totals: totalsOf(verdicts), verdicts })
  expect(told.totals).toMatchObject({ rows: 1500, created: 1495, skipped: 5 })
  expect(told.verdicts).toHaveLength(1000)
  const places = told.verdicts.map(({ index }) => index)
  expect(places.slice(-4)).toEqual([996, 997, 1199, 1499])
  expect(places).toEqual([...places].sort((one, other) => one - other))
})

test('few are told as they are, with the run where there is one', () => {
  const few = verdicts.slice(0, 3)
  const totals = totalsOf(few)
  expect(shown({ run: 'a', totals, verdicts: few })).toEqual({ run: 'a', totals, verdicts: few })
})
