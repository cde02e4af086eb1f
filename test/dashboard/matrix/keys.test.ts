import { expect, test } from 'vitest'
import { moved } from '../../../dashboard/views/matrix/keys.ts'

const extent = { rows: 100, columns: 28, pageRows: 10 }
const press = (key: string, row: number, column: number, ctrlKey = false) => {
  const place = moved({ key, ctrlKey, metaKey: false }, { row, column }, extent)
  return place && [place.row, place.column]
}

test.each([
  ['ArrowDown', 5, 5, [6, 5]],
  ['ArrowUp', 0, 5, [0, 5]],
  ['ArrowLeft', 3, 0, [3, -1]],
  ['ArrowLeft', 3, -1, [3, -1]],
  ['ArrowRight', 3, 27, [3, 27]],
  ['PageDown', 95, 2, [99, 2]],
  ['PageUp', 25, 2, [15, 2]],
  ['Home', 9, 9, [9, 0]],
  ['End', 9, 9, [9, 27]],
])('%s leads from row %i, column %i to %j', (key, row, column, to) => {
  expect(press(key, row, column)).toEqual(to)
})

test('with Ctrl, Home and End lead to the first and the last cell', () => {
  expect(press('Home', 9, 9, true)).toEqual([0, 0])
  expect(press('End', 9, 9, true)).toEqual([99, 27])
})

test('a key that does not move leads nowhere', () => {
  expect(press('a', 1, 1)).toBeUndefined()
})
