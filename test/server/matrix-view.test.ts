import { expect, test } from 'vitest'
import { MATRIX_STATES, type Matrix, type MatrixState } from '../../src/index.ts'
import { type MatrixFilter, MatrixIndex } from '../../src/server/matrix-view.ts'

const none = Object.fromEntries(
  Object.keys(MATRIX_STATES).map((state) => [state, 0]),
) as unknown as Record<MatrixState, number>

const row = (
  entity: string | null,
  label: string | null,
  states: string,
  counts: readonly number[] | null = null,
) => ({ entity, label, states, counts })

const matrix: Matrix = {
  guard: 'lessons',
  entity: 'student',
  period: 'day',
  from: '2025-10-01',
  to: '2025-10-03',
  at: '2025-10-03T12:00:00Z',
  expected: true,
  periods: ['2025-10-01', '2025-10-02', '2025-10-03'],
  rows: [
    row('7', 'İpek Ana', 'd.d'),
    row('2', 'Ben', 'mmd', [2, 1, 3]),
    row('9', 'ANA', 'umd'),
    row(null, null, '.ee'),
    row('4', 'Cy', 'mff'),
  ],
  totals: { ...none, done: 6 },
  byPeriod: [{ ...none, done: 2 }, none, { ...none, done: 4 }],
}

const index = new MatrixIndex(matrix)

const entities = (filter: MatrixFilter) =>
  Array.from(index.view(filter).places, (place) => matrix.rows[place]?.entity)

test('without a filter all are there as they stand, with the totals of the matrix', () => {
  const { byPeriod, totals } = index.view({})
  expect(entities({})).toEqual(['7', '2', '9', null, '4'])
  expect(totals).toBe(matrix.totals)
  expect(byPeriod).toBe(matrix.byPeriod)
})

test('what matches is counted, keys by the state of their cell', () => {
  const { totals, byPeriod } = index.view({ q: 'ben' })
  expect(totals).toEqual({ ...none, missing: 3, done: 3 })
  expect(byPeriod[0]).toEqual({ ...none, missing: 2 })
})

test('is narrowed by states, names and entity, alone and together', () => {
  expect(entities({ states: ['missing', 'duplicate'] })).toEqual(['2', '9', '4'])
  expect(entities({ states: ['claimed'] })).toEqual([])
  expect(entities({ q: 'ana' })).toEqual(['7', '9'])
  expect(entities({ q: 'ana', states: ['duplicate'] })).toEqual(['9'])
  expect(entities({ q: '' })).toHaveLength(5)
  expect(entities({ q: 'A\nB' })).toEqual([])
  expect(entities({ entity: '4' })).toEqual(['4'])
})

test('the worst stand first, and of those as they stood', () => {
  expect(entities({ sort: 'worst' })).toEqual(['4', '9', '2', '7', null])
  expect(entities({ sort: 'worst', states: ['done'] })).toEqual(['9', '2', '7'])
})

test('a matrix of nothing has nothing', () => {
  const empty = new MatrixIndex({ ...matrix, periods: [], byPeriod: [], rows: [] })
  const { places, byPeriod } = empty.view({ sort: 'worst', q: 'ana', states: ['missing'] })
  expect([places.length, byPeriod]).toEqual([0, []])
})
