import { describe, expect, test } from 'vitest'
import {
  areDays,
  headOf,
  monthAt,
  shortOf,
  wordsOf,
} from '../../../dashboard/views/matrix/period.ts'

const days = (from: string, count: number) =>
  Array.from({ length: count }, (_, place) =>
    new Date(Date.parse(from) + place * 86_400_000).toISOString().slice(0, 10),
  )

describe('the month over a column', () => {
  const months = (periods: readonly string[], first: number, width: number) =>
    periods.map((_, place) => monthAt(periods, place, { first, width }) ?? '').filter(Boolean)

  test('stands where it begins, and over the first column in sight', () => {
    expect(months(days('2025-09-20', 28), 0, 30)).toEqual(['Sep 2025', 'Oct 2025'])
    expect(months(days('2025-09-20', 28), 14, 30)).toEqual(['Sep 2025', 'Oct 2025', 'Oct 2025'])
  })

  test('is shorter, or left out, where the next one would stand on it', () => {
    expect(months(['2025-09-29', '2025-10-06', '2025-10-13'], 0, 44)).toEqual(['Sep', 'Oct 2025'])
    expect(months(['2025-09-30', '2025-10-01', '2025-10-02'], 0, 26)).toEqual(['Oct 2025'])
  })
})

test('a day is told by its number, in few words and in full', () => {
  const day = '2025-10-23'
  expect([headOf(day), shortOf(day), wordsOf(day)]).toEqual(['23', 'Oct 23', 'Thu, Oct 23, 2025'])
})

test('what is no day stands as it is, without a midnight', () => {
  expect(areDays(['2025-10-23', 'EDM_CREATION'])).toBe(false)
  expect(headOf('EDM_CREATION')).toBe('EDM_CREATION')
  expect(headOf('2025-10-23T00:00:00Z')).toBe('2025-10-23')
})
