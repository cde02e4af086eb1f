import { Hono } from 'hono'
import type { Handle } from 'onceover'
import { type DraftLesson, draftLesson } from './draft.ts'
import { FALLBACK_SLOT } from './fixture.ts'
import { type CalendarEvent, type LessonGroup, timeSlot } from './groups.ts'
import { insertLesson } from './queries.ts'
import type { LessonRequest } from './request.ts'

/**
 * How the incident split its week: by slot, but an event whose slot did not come through becomes a
 * group of its own under the fallback, so one request can hold the same key twice.
 */
export function naiveGroups(events: readonly CalendarEvent[]): LessonGroup[] {
  const groups = new Map<string, LessonGroup>()
  for (const [index, event] of events.entries()) {
    const slot = timeSlot(event)
    groups.set(`${event.event_date} ${event.school_id} ${slot ?? index}`, {
      schoolId: event.school_id,
      lessonDate: event.event_date,
      timeSlot: slot ?? FALLBACK_SLOT,
      students: [event.student],
    })
  }
  return [...groups.values()]
}

/**
 * The incident's batch: every lesson is written and inserted in parallel. The first 23505 fails the
 * request as a whole, while the other inserts go on unseen.
 */
async function naiveGenerate(
  handle: Handle,
  request: LessonRequest,
  draft: DraftLesson,
): Promise<number> {
  await Promise.all(
    request.groups.map(async (group) => {
      const content = await draft(group)
      await insertLesson(handle, request.providerId, group, content)
    }),
  )
  return request.groups.length
}

/** The incident's endpoint: `POST /requests` answers 200 with a count, or 500. */
export function naiveRoutes(handle: Handle, draft: DraftLesson = draftLesson): Hono {
  return new Hono()
    .post('/requests', async (context) => {
      const request = await context.req.json<LessonRequest>()
      return context.json({ lessons: await naiveGenerate(handle, request, draft) })
    })
    .onError((error, context) => context.json({ error: error.message }, 500))
}
