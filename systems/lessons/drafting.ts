import { generator } from 'onceover'
import { z } from 'zod'
import type { DraftLesson } from './draft.ts'
import { lessons } from './guards.ts'
import { saveLesson } from './queries.ts'

/** Which group of which request asks for a lesson, and for whom it is. */
const wanted = z.object({
  requestId: z.uuid(),
  position: z.int().min(0),
  students: z.array(z.string()),
})

/**
 * Makes a lesson: the draft, which is slow and costs money, outside any transaction; then its row.
 * A draft that failed may be tried again at once, since a person has to ask for it.
 */
export const drafting = (draft: DraftLesson) =>
  generator(lessons, {
    input: wanted,
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
