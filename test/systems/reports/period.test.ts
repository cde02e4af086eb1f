import { expect, test } from 'vitest'
import { isTimeZone, startsBetween, windowAt, windowOn } from '../../../systems/reports/period.ts'

test('a week begins on Monday, wherever in it the date falls', () => {
  const weeks = ['2026-01-19', '2026-01-22', '2026-01-25'].map((date) =>
    windowOn('weekly', 'UTC', date),
  )
  for (const { startDate, endDate } of weeks) {
    expect([startDate, endDate]).toEqual(['2026-01-19', '2026-01-25'])
  }
  expect(windowOn('weekly', 'UTC', '2026-01-01').startDate).toBe('2025-12-29')
})

test('the periods of a span are those that begin on one of its days', () => {
  expect(startsBetween('weekly', '2026-01-05', '2026-01-19')).toEqual([
    '2026-01-05',
    '2026-01-12',
    '2026-01-19',
  ])
  expect(startsBetween('weekly', '2026-01-06', '2026-01-11')).toEqual([])
  expect(startsBetween('monthly', '2026-01-02', '2026-03-01')).toEqual(['2026-02-01', '2026-03-01'])
})

test('a month begins on its first and ends on its last day', () => {
  expect(windowOn('monthly', 'UTC', '2028-02-17')).toEqual({
    startDate: '2028-02-01',
    endDate: '2028-02-29',
    timeZone: 'UTC',
    startsAt: '2028-02-01T00:00:00Z',
    endsAt: '2028-03-01T00:00:00Z',
    previousStartsAt: '2028-01-01T00:00:00Z',
  })
})

test('one instant is two weeks, and two months, in two time zones', () => {
  const sunday = '2026-05-31T20:00:00Z'
  expect(windowAt('weekly', 'Asia/Tokyo', sunday)).toMatchObject({
    startDate: '2026-06-01',
    startsAt: '2026-05-31T15:00:00Z',
  })
  expect(windowAt('weekly', 'America/Lima', sunday).startDate).toBe('2026-05-25')
  expect(windowAt('monthly', 'Asia/Tokyo', sunday).startDate).toBe('2026-06-01')
  expect(windowAt('monthly', 'America/Lima', sunday).startDate).toBe('2026-05-01')
})

test('a week in which the clocks change is an hour longer or shorter', () => {
  const hours = (date: string) => {
    const { startsAt, endsAt } = windowOn('weekly', 'Europe/Zurich', date)
    return (Date.parse(endsAt) - Date.parse(startsAt)) / 3_600_000
  }
  expect([hours('2026-03-25'), hours('2026-05-25'), hours('2026-10-21')]).toEqual([167, 168, 169])
})

test('a period whose first midnight the clocks skip begins at its first instant', () => {
  // In Paraguay the first of October 2023 began at 01:00.
  expect(windowOn('monthly', 'America/Asuncion', '2023-10-15').startsAt).toBe(
    '2023-10-01T04:00:00Z',
  )
})

test('an offset and nonsense are no time zones of a student', () => {
  expect(['Asia/Tokyo', 'UTC', 'Europe/Zurich'].map(isTimeZone)).toEqual([true, true, true])
  expect(['+02:00', 'Mars/Olympus', '', 'Asia/Tokyo\n'].map(isTimeZone)).toEqual([
    false,
    false,
    false,
    false,
  ])
})
