import { expect, test } from 'vitest'
import { CAUSE_OF, CAUSES, MEANING } from '../../../systems/lessons/causes.ts'

test('the seven causes have the letters a to g and a meaning each', () => {
  expect(Object.values(CAUSES).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  expect(Object.keys(MEANING)).toEqual(Object.keys(CAUSES))
})

test('each is what the library calls by another name', () => {
  expect(Object.values(CAUSE_OF).sort()).toEqual(Object.keys(CAUSES).sort())
})
