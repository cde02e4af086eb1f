/** One event of a provider's calendar; dates and times as PostgreSQL prints them. */
export interface CalendarEvent {
  readonly school_id: string | null
  /** 'YYYY-MM-DD' */
  readonly event_date: string
  /** 'HH:MM:SS', or null where the calendar has none. */
  readonly start_time: string | null
  readonly end_time: string | null
  readonly student: string
}

/** One group of a batch request: the lesson wanted. Any part may be missing: that is a verdict. */
export interface LessonGroup {
  readonly schoolId?: string | null | undefined
  readonly lessonDate?: string | null | undefined
  /** 'HH:MM-HH:MM' */
  readonly timeSlot?: string | null | undefined
  readonly students?: readonly string[] | undefined
}

/** The columns of the key as a request sent them, null for those that it did not. */
export interface AttemptedKey {
  readonly provider_id: string
  readonly school_id: string | null
  readonly lesson_date: string | null
  readonly time_slot: string | null
}

/** The key that a group asks for. */
export const attemptedKey = (providerId: string, group: LessonGroup): AttemptedKey => ({
  provider_id: providerId,
  school_id: group.schoolId ?? null,
  lesson_date: group.lessonDate ?? null,
  time_slot: group.timeSlot ?? null,
})

/** The slot of an event as lessons store it: '08:15-08:45'; null where a time is missing. */
export function timeSlot(event: CalendarEvent): string | null {
  if (event.start_time === null || event.end_time === null) return null
  return `${event.start_time.slice(0, 5)}-${event.end_time.slice(0, 5)}`
}

/**
 * Splits a calendar week into groups: one per school, date and time slot, with its students, by
 * date and slot. Events without times stay together, with no slot at all: a made-up slot would hide
 * that the key is incomplete.
 */
export function splitIntoGroups(events: readonly CalendarEvent[]): LessonGroup[] {
  const groups = new Map<string, LessonGroup & { students: string[] }>()
  for (const event of events) {
    const slot = timeSlot(event)
    const name = JSON.stringify([event.event_date, slot ?? '~', event.school_id])
    const group = groups.get(name)
    if (group) group.students.push(event.student)
    else
      groups.set(name, {
        schoolId: event.school_id,
        lessonDate: event.event_date,
        timeSlot: slot,
        students: [event.student],
      })
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}
