import { describe, expect, test } from 'vitest'
import { horizon, localDate, occurrences } from '../../../systems/class-sessions/recurrence.ts'

const newYork = { zone: 'America/New_York', startTime: '02:30', endTime: '03:30' }
const sundays = { ...newYork, daysOfWeek: [7] }

describe('occurrences', () => {
  test('stand on the local weekdays of the range, both ends included', () => {
    const pattern = { zone: 'Asia/Tokyo', daysOfWeek: [4, 1], startTime: '20:00', endTime: '21:30' }
    const dates = occurrences(pattern, { from: '2025-10-20', until: '2025-10-30' })
    expect(dates).toEqual([
      { date: '2025-10-20', clock: 'once', startsAt: '2025-10-20T11:00:00Z' },
      { date: '2025-10-23', clock: 'once', startsAt: '2025-10-23T11:00:00Z' },
      { date: '2025-10-27', clock: 'once', startsAt: '2025-10-27T11:00:00Z' },
      { date: '2025-10-30', clock: 'once', startsAt: '2025-10-30T11:00:00Z' },
    ])
  })

  test('are the same whatever the order and the repeats of the weekdays', () => {
    const range = { from: '2025-10-01', until: '2025-10-31' }
    const pattern = { zone: 'Asia/Tokyo', startTime: '09:00', endTime: '10:00' }
    const one = occurrences({ ...pattern, daysOfWeek: [3, 1, 3] }, range)
    expect(one).toEqual(occurrences({ ...pattern, daysOfWeek: [1, 3] }, range))
    expect(one).toHaveLength(9)
  })

  test('name a date whose local time never comes instead of moving or dropping it', () => {
    const dates = occurrences(sundays, { from: '2025-03-02', until: '2025-03-16' })
    expect(dates).toEqual([
      { date: '2025-03-02', clock: 'once', startsAt: '2025-03-02T07:30:00Z' },
      { date: '2025-03-09', clock: 'never', startsAt: null },
      { date: '2025-03-16', clock: 'once', startsAt: '2025-03-16T06:30:00Z' },
    ])
  })

  test('do not inherit a skipped time from a range that starts on the day of the change', () => {
    const dates = occurrences(sundays, { from: '2025-03-09', until: '2025-03-23' })
    expect(dates.map(({ date, clock }) => [date, clock])).toEqual([
      ['2025-03-09', 'never'],
      ['2025-03-16', 'once'],
      ['2025-03-23', 'once'],
    ])
  })

  test('name a date whose end never comes', () => {
    const pattern = { ...sundays, startTime: '01:30', endTime: '02:30' }
    const [date] = occurrences(pattern, { from: '2025-03-09', until: '2025-03-09' })
    expect(date?.clock).toBe('never')
  })

  test('hold a local time that comes twice once, at its first coming', () => {
    const pattern = { ...sundays, startTime: '01:30', endTime: '02:30' }
    expect(occurrences(pattern, { from: '2025-11-02', until: '2025-11-02' })).toEqual([
      { date: '2025-11-02', clock: 'twice', startsAt: '2025-11-02T05:30:00Z' },
    ])
  })

  test('keep the local time over a change while the instant moves', () => {
    const pattern = { ...sundays, startTime: '18:00', endTime: '19:00' }
    const dates = occurrences(pattern, { from: '2025-03-02', until: '2025-03-09' })
    expect(dates.map((date) => date.startsAt)).toEqual([
      '2025-03-02T23:00:00Z',
      '2025-03-09T22:00:00Z',
    ])
  })

  test('name a whole day that a zone left out', () => {
    const pattern = { zone: 'Pacific/Apia', daysOfWeek: [5], startTime: '10:00', endTime: '11:00' }
    const dates = occurrences(pattern, { from: '2011-12-23', until: '2012-01-06' })
    expect(dates.map(({ date, clock }) => [date, clock])).toEqual([
      ['2011-12-23', 'once'],
      ['2011-12-30', 'never'],
      ['2012-01-06', 'once'],
    ])
  })

  test('are none where the range is empty', () => {
    expect(occurrences(sundays, { from: '2025-03-09', until: '2025-03-08' })).toEqual([])
  })

  test('refuse a weekday and a zone that do not exist', () => {
    const range = { from: '2025-03-01', until: '2025-03-31' }
    expect(() => occurrences({ ...sundays, daysOfWeek: [0] }, range)).toThrow(/not an ISO weekday/)
    expect(() => occurrences({ ...sundays, zone: 'Mars/Olympus' }, range)).toThrow(RangeError)
  })
})

test('today is the date on the wall of the branch', () => {
  expect(localDate('2025-10-16T16:00:00Z', 'Asia/Tokyo')).toBe('2025-10-17')
  expect(localDate('2025-10-16T16:00:00Z', 'America/New_York')).toBe('2025-10-16')
})

test('a horizon counts days on the calendar, over a change of the clocks too', () => {
  expect(horizon('2025-03-08', 7)).toEqual({ from: '2025-03-08', until: '2025-03-15' })
})
