import { expect, test } from 'vitest'
import { lapse } from '../../src/explain/lapse.ts'

test.each([
  [0, '0 s'],
  [1.94, '1.9 s'],
  [119.9, '119.9 s'],
  [120, '2 minutes'],
  [7199, '119 minutes'],
  [7200, '2 hours'],
  [172_799, '47 hours'],
  [172_800, '2 days'],
  [53_686_001.9, '621 days'],
])('%d s are %s', (seconds, words) => {
  expect(lapse(seconds)).toBe(words)
})
