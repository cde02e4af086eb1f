import { expect, test } from 'vitest'
import { MOST_SELECTED, Selections } from '../../src/server/selections.ts'

const keys = (count: number) => Array.from({ length: count }, (_, visitor) => ({ visitor }))

const of = (guard: string, count = 1) => ({ guard, keys: keys(count), days: null })

test('a selection is found by its guard and its id', () => {
  const selections = new Selections()
  const { id } = selections.add(of('visits', 3))
  expect(selections.get('visits', id).keys).toHaveLength(3)
  expect(() => selections.get('lessons', id)).toThrow('There is no selection')
})

test('the oldest go where there are too many of them, or of their keys', () => {
  const selections = new Selections()
  const first = selections.add(of('visits'))
  const large = Array.from({ length: 5 }, () => selections.add(of('visits', MOST_SELECTED)))
  expect(() => selections.get('visits', first.id)).toThrow('not any more')
  expect(selections.get('visits', large[0]?.id ?? '').keys).toHaveLength(MOST_SELECTED)
  for (let count = 0; count < 200; count++) selections.add(of('visits', 0))
  expect(() => selections.get('visits', large[4]?.id ?? '')).toThrow('not any more')
  expect(() => selections.add(of('visits', MOST_SELECTED + 1))).toThrow('More than 100000 keys')
})
