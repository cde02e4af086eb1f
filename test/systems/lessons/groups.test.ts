import { describe, expect, test } from 'vitest'
import { type CalendarEvent, splitIntoGroups, timeSlot } from '../../../systems/lessons/groups.ts'
import { naiveGroups } from '../../../systems/lessons/naive.ts'

const event = (
  start_time: string | null,
  end_time: string | null,
  student: string,
  event_date = '2025-09-05',
  school_id: string | null = 'north',
): CalendarEvent => ({ school_id, event_date, start_time, end_time, student })

describe('a calendar week', () => {
  test('becomes one group per school, date and slot, with its students', () => {
    const groups = splitIntoGroups([
      event('09:30:00', '10:00:00', 'Ida'),
      event('08:30:00', '09:00:00', 'Ben'),
      event('09:30:00', '10:00:00', 'Cem'),
      event('09:30:00', '10:00:00', 'Dan', '2025-09-04'),
      event('09:30:00', '10:00:00', 'Eva', '2025-09-05', 'south'),
    ])
    expect(groups.map((group) => [group.lessonDate, group.timeSlot, group.students])).toEqual([
      ['2025-09-04', '09:30-10:00', ['Dan']],
      ['2025-09-05', '08:30-09:00', ['Ben']],
      ['2025-09-05', '09:30-10:00', ['Ida', 'Cem']],
      ['2025-09-05', '09:30-10:00', ['Eva']],
    ])
  })

  test('keeps overlapping slots apart', () => {
    const groups = splitIntoGroups([
      event('10:20:00', '11:20:00', 'Ida'),
      event('10:20:00', '10:50:00', 'Ben'),
    ])
    expect(groups.map((group) => group.timeSlot)).toEqual(['10:20-10:50', '10:20-11:20'])
  })

  test('gives events without times no slot instead of a made-up one', () => {
    const events = [event(null, null, 'Ida'), event('08:15:00', null, 'Ben')]
    expect(events.map(timeSlot)).toEqual([null, null])
    expect(splitIntoGroups(events)).toEqual([
      { schoolId: 'north', lessonDate: '2025-09-05', timeSlot: null, students: ['Ida', 'Ben'] },
    ])
  })

  test('is split by the naive code into the same key twice, under the fallback', () => {
    const groups = naiveGroups([event(null, null, 'Ida'), event(null, null, 'Ben')])
    expect(groups.map((group) => group.timeSlot)).toEqual(['structured', 'structured'])
  })
})
