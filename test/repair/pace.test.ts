import { expect, test } from 'vitest'
import { Pace } from '../../src/repair/pace.ts'

test('batches that take no longer than others may wait are not made smaller than the first', () => {
  const pace = new Pace({})
  const first = pace.size
  for (let n = 0; n < 5; n++) pace.took(400)
  expect(pace.size).toBe(first)
})

test('batches that keep others waiting are made ever smaller, and larger again later', () => {
  const pace = new Pace({})
  const first = pace.size
  for (let n = 0; n < 20; n++) pace.took(2_000)
  expect(pace.size).toBe(1)
  for (let n = 0; n < 20; n++) pace.took(50)
  expect(pace.size).toBeGreaterThan(first)
})
