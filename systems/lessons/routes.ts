import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { duplicates } from 'onceover/hono'
import { z } from 'zod'
import { jsonBody, problem } from '../problem.ts'
import { generateLessons, type LessonSystem } from './generate.ts'
import { splitIntoGroups } from './groups.ts'
import { lessons } from './guards.ts'
import { traceRequest, weekEvents } from './queries.ts'
import { lessonRequest } from './request.ts'

const PARTIAL: readonly string[] = ['collided', 'invalid', 'failed', 'in_flight', 'cancelled']

/**
 * The HTTP routes of the system:
 *
 * - `GET /weeks/:providerId/:weekStart` → 200, the groups of a calendar week
 * - `POST /requests` makes lessons → 200 with a verdict per group, or 207 where some group needs
 *   attention; the others stand
 * - `GET /requests/:id` → 200, the request, each group as it was sent, its verdict and its row
 *
 * Errors are problem+json: 400 for a body of another shape, 404 for an unknown request.
 */
export function lessonRoutes(system: LessonSystem): Hono {
  return new Hono()
    .use(duplicates({ once: system.once, guards: [lessons] }))
    .get('/weeks/:providerId/:weekStart', async (context) => {
      const providerId = z.uuid().parse(context.req.param('providerId'))
      const weekStart = z.iso.date().parse(context.req.param('weekStart'))
      const events = await weekEvents(system.pool, providerId, weekStart)
      return context.json({ providerId, groups: splitIntoGroups(events) })
    })
    .post('/requests', async (context) => {
      const request = lessonRequest.parse(await jsonBody(context))
      const answer = await generateLessons(system, request)
      const partial = answer.groups.some(({ verdict }) => PARTIAL.includes(verdict))
      return context.json(answer, partial ? 207 : 200)
    })
    .get('/requests/:id', async (context) => {
      const id = z.uuid().parse(context.req.param('id'))
      const trace = await traceRequest(system.pool, id)
      if (!trace) throw new HTTPException(404, { message: `There is no request ${id}.` })
      return context.json(trace)
    })
    .onError((error, context) => problem(context, error))
}
