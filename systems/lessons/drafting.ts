import { generator, sql } from 'onceover'
import { z } from 'zod'
import type { DraftLesson } from './draft.ts'
import { lessons } from './guards.ts'
import { saveLesson } from './queries.ts'

/** Which group of which request asks for a lesson, and for whom it is. */
const wanted = z.object({
  /** Null where the calendar asks, and no request. */
  requestId: z.uuid().nullable(),
  position: z.int().min(0).nullable(),
  students: z.array(z.string()),
})

/** Local dates, both included. */
type Days = { readonly from: string; readonly to: string }

/** The lessons of a span of days by the calendar: of each event that has a school and its times. */
const inCalendar = ({ from, to }: Days) => sql`
  SELECT provider_id, school_id, event_date AS lesson_date,
         to_char(start_time, 'HH24:MI-') || to_char(end_time, 'HH24:MI') AS time_slot,
         json_build_object('requestId', NULL, 'position', NULL,
           'students', json_agg(student ORDER BY student)) AS input
  FROM calendar_events
  WHERE event_date BETWEEN ${from} AND ${to}
    AND school_id IS NOT NULL AND start_time IS NOT NULL AND end_time IS NOT NULL
  GROUP BY provider_id, school_id, event_date, start_time, end_time
  ORDER BY event_date, start_time, provider_id`

/**
 * Makes a lesson: the draft, which is slow and costs money, outside any transaction; then its row.
 * A draft that failed may be tried again at once, since a person has to ask for it.
 */
export const drafting = (draft: DraftLesson) =>
  generator(lessons, {
    input: wanted,
    expected: inCalendar,
    make: async ({ key, input }) => {
      const { school_id, lesson_date, time_slot } = key
      const group = { schoolId: school_id, lessonDate: lesson_date, timeSlot: time_slot }
      return draft({ ...group, students: input.students })
    },
    save: async (tx, { unit, made }) => ({ id: await saveLesson(tx, unit.key, unit.input, made) }),
    timeout: '5m',
    attempts: 10,
    backoff: '0ms',
  })
