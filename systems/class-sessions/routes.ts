import { type Context, Hono } from 'hono'
import { duplicates } from 'onceover/hono'
import { z } from 'zod'
import { jsonBody, problem } from '../problem.ts'
import { extend, type Generated, type Refused } from './generate.ts'
import { createGroupClass, type GroupClassOutcome } from './groups.ts'
import { groupClasses, roster, series, sessions } from './guards.ts'
import { refuse } from './refusal.ts'
import { extendRequest, groupClassRequest, seriesRequest, skippedQuery } from './requests.ts'
import type { School } from './school.ts'
import { createSeries, type SeriesOutcome } from './series.ts'
import { skippedSessions } from './skipped.ts'

const ASKER = { actor: 'api' } as const
const seriesId = z.uuid()

/**
 * The system over HTTP. What is refused is application/problem+json; a body that does not fit is a
 * 400 with its misfits.
 *
 * - `POST /api/class-series`: 201, or 409 with the existing series' id;
 * - `POST /api/class-series/:id/extend`: 200 with a verdict per date; 404; 409 where not ACTIVE;
 * - `POST /api/group-classes`: 201, or 200 where the class stood; a verdict per student;
 * - `GET /api/class-sessions/skipped?since=1d&limit=100`: what was asked for and stood already.
 */
export function classSessionRoutes({ once, pool }: School): Hono {
  const app = new Hono()
  app.use(duplicates({ once, guards: [series, sessions, groupClasses, roster] }))
  app.onError((error, context) => problem(context, error))

  app.post('/api/class-series', async (context) => {
    const request = seriesRequest.parse(await jsonBody(context))
    return answerSeries(context, await createSeries(once, pool, request, ASKER))
  })

  app.post('/api/class-series/:id/extend', async (context) => {
    const id = seriesId.parse(context.req.param('id'))
    const range = extendRequest.parse(await jsonBody(context))
    return answerExtend(context, id, await extend(once, id, range, ASKER))
  })

  app.post('/api/group-classes', async (context) => {
    const request = groupClassRequest.parse(await jsonBody(context))
    return answerGroupClass(context, await createGroupClass(once, request, ASKER))
  })

  app.get('/api/class-sessions/skipped', async (context) => {
    const range = skippedQuery.parse(context.req.query())
    return context.json({ skipped: await skippedSessions(once, range) })
  })

  return app
}

function answerSeries(context: Context, outcome: SeriesOutcome): Response {
  switch (outcome.outcome) {
    case 'created':
      return context.json({ id: outcome.series, branch_id: outcome.branch }, 201)
    case 'duplicate':
      return refuse(context, {
        status: 409,
        code: 'SERIES_EXISTS',
        detail: 'An ACTIVE series stands for this teacher, student, times, weekdays and branch.',
        more: { existing_id: outcome.existing, branch_id: outcome.branch },
      })
    case 'unknown-student':
      return refuse(context, {
        status: 422,
        code: 'UNKNOWN_STUDENT',
        detail: 'There is no student with this id.',
      })
    case 'refused':
      return refuseRow(context, outcome)
  }
}

function answerExtend(context: Context, id: string, outcome: Generated | Refused): Response {
  if (!('refused' in outcome)) return context.json(outcome)
  return outcome.refused === 'unknown'
    ? refuse(context, {
        status: 404,
        code: 'UNKNOWN_SERIES',
        detail: `There is no series ${id}.`,
      })
    : refuse(context, {
        status: 409,
        code: 'SERIES_NOT_ACTIVE',
        detail: `Series ${id} is not ACTIVE, so no sessions are made from it.`,
      })
}

function answerGroupClass(context: Context, outcome: GroupClassOutcome): Response {
  if (outcome.outcome === 'refused') return refuseRow(context, outcome)
  const { session, students } = outcome
  return context.json({ id: session, students }, outcome.outcome === 'created' ? 201 : 200)
}

/** The database's own refusal of a row, such as a teacher that does not exist. */
const refuseRow = (
  context: Context,
  { constraint, reason }: { readonly constraint: string | null; readonly reason: string },
): Response =>
  refuse(context, { status: 422, code: 'ROW_REFUSED', detail: reason, more: { constraint } })
