import { expect, test } from 'vitest'
import { Counters } from '../../src/audit/counters.ts'

test('counters start at nothing', () => {
  expect(new Counters().current).toEqual({
    created: 0,
    replaced: 0,
    allowed: 0,
    skipped: {},
    collided: 0,
    invalid: 0,
    failed: 0,
    in_flight: 0,
    cancelled: 0,
    steps: { made: 0, avoided: 0, asked: 0 },
  })
})

test('verdicts add up, skipped ones by their reason', () => {
  const counters = new Counters()
  counters.add('created', 3)
  counters.add('created', 2)
  counters.add('skipped', 4)
  counters.add('skipped', 1, 'exists')
  counters.add('skipped', 1, 'unchanged')
  counters.add('failed', 1, 'value too long')
  expect(counters.current).toMatchObject({
    created: 5,
    skipped: { exists: 5, unchanged: 1 },
    failed: 1,
  })
})

test('what was read does not change afterwards', () => {
  const counters = new Counters()
  counters.add('skipped', 1)
  const before = counters.current
  counters.add('skipped', 1)
  counters.add('created', 1)
  expect(before).toMatchObject({ created: 0, skipped: { exists: 1 } })
})
