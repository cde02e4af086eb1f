import { setTimeout as sleep } from 'node:timers/promises'
import type { LessonGroup } from './groups.ts'

/** The content of a lesson, stored as jsonb. */
export type LessonContent = Readonly<Record<string, unknown>>

/** Writes the content of one lesson; the slow and costly part, a language model in production. */
export type DraftLesson = (group: LessonGroup) => Promise<LessonContent>

const DRAFT_MS = 3

/** Stands in for the model: a short wait, then a plan for the group's students. */
export const draftLesson: DraftLesson = async ({ timeSlot, students = [] }) => {
  await sleep(DRAFT_MS)
  return { title: `Lesson ${timeSlot ?? ''}`.trim(), students, activities: ['warm-up', 'practice'] }
}
