import { describe, expect, test } from 'vitest'
import {
  begin,
  cellsOf,
  countsOf,
  everything,
  extend,
  isPicked,
  NOTHING,
  type Picked,
  release,
  toggle,
} from '../../../dashboard/views/matrix/selection.ts'

const periods = ['2025-10-01', '2025-10-02', '2025-10-03']
const row = (entity: string | null, states: string) => ({
  entity,
  label: null,
  states,
  counts: null,
})
const shown = { rows: [row('ada', 'dmf'), row('bo', '.md'), row(null, 'ddd')], periods }
const at = (place: number, column: number) => ({ row: place, column })

const pickedIn = (picked: Picked, of = shown) =>
  cellsOf(picked, of).map(({ entity, period, state }) => `${entity} ${period.slice(8)} ${state}`)

describe('a selection of cells', () => {
  test('is the rectangle from where it began to where it was drawn, without empty cells', () => {
    const picked = extend(begin(NOTHING, shown, at(1, 1), false), at(0, 0), at(0, 0))
    expect(pickedIn(picked)).toEqual(['ada 01 done', 'ada 02 missing', 'bo 02 missing'])
    expect(isPicked(picked, shown, at(1, 0))).toBe(false)
    expect(isPicked(picked, shown, at(0, 1))).toBe(true)
  })

  test('keeps what was selected when another rectangle is added', () => {
    const first = begin(NOTHING, shown, at(0, 2), false)
    const both = extend(begin(first, shown, at(2, 0), true), at(2, 1), at(0, 0))
    expect(pickedIn(both)).toEqual(['ada 03 failed', 'null 01 done', 'null 02 done'])
  })

  test('begins anew with Shift after a move without it', () => {
    const moved = release(extend(begin(NOTHING, shown, at(0, 0), false), at(0, 1), at(0, 0)))
    expect(pickedIn(moved)).toEqual(['ada 01 done', 'ada 02 missing'])
    expect(pickedIn(extend(moved, at(2, 2), at(2, 1)))).toEqual(['null 02 done', 'null 03 done'])
  })

  test('takes a cell in and out', () => {
    const one = toggle(NOTHING, shown, at(1, 2))
    expect(pickedIn(one)).toEqual(['bo 03 done'])
    expect(pickedIn(toggle(one, shown, at(1, 2)))).toEqual([])
  })

  test('stays with its entities when rows move, and leaves out those that are gone', () => {
    const picked = toggle(toggle(NOTHING, shown, at(0, 1)), shown, at(1, 1))
    const later = { rows: [row('cy', 'mmm'), row('ada', 'ddd')], periods }
    expect(pickedIn(picked, later)).toEqual(['ada 02 done'])
  })
})

test('a selection by state counts the whole matrix, also what is not on the page', () => {
  const picked: Picked = { kind: 'states', states: ['missing', 'failed'] }
  expect(countsOf(picked, { missing: 900, done: 5 }, [])).toEqual({ missing: 900, failed: 0 })
  expect(isPicked(picked, shown, at(0, 2))).toBe(true)
  expect(isPicked(everything([]), shown, at(1, 0))).toBe(false)
})
