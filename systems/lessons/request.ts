import { z } from 'zod'
import type { LessonGroup } from './groups.ts'

/** A batch request: the lessons that one provider wants. */
export interface LessonRequest {
  readonly providerId: string
  readonly requestedBy: string
  readonly groups: readonly LessonGroup[]
}

const MAX_GROUPS = 500
const part = z.string().max(10_000).nullish()

/**
 * The body of a batch request. Only its shape is checked here: what is wrong with one group is that
 * group's verdict, never a reason to refuse the others.
 */
export const lessonRequest = z.object({
  providerId: z.string(),
  requestedBy: z.string().min(1).max(200).default('anonymous'),
  groups: z
    .array(
      z.object({
        schoolId: part,
        lessonDate: part,
        timeSlot: part,
        students: z.array(z.string().max(200)).max(50).optional(),
      }),
    )
    .min(1)
    .max(MAX_GROUPS),
}) satisfies z.ZodType<LessonRequest>
