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

/** Runs `work` on every item, at most `limit` at once; the results are in the items' order. */
export async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const entries = items.entries()
  const lane = async () => {
    for (const [index, item] of entries) results[index] = await work(item, index)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  return results
}
