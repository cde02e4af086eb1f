import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { duplicates } from 'onceover/hono'
import { z } from 'zod'
import { jsonBody, problem } from '../problem.ts'
import {
  type Answer,
  generateMany,
  generateOne,
  previewMany,
  type ReportSystem,
  retryAll,
} from './generate.ts'
import { reportBatches } from './guards.ts'
import type { Outcome, OutcomeName } from './outcome.ts'
import { PERIODS } from './period.ts'
import { listBatches, readBatch } from './stored.ts'

// Far dates have periods that PostgreSQL or a time zone has no name for.
const isNear = (date: string) => date >= '2000' && date < '2100'

const said = z.string().trim().min(1).max(500)
const wish = {
  period: z.enum(PERIODS),
  date: z.iso.date().refine(isNear, 'a date from 2000 to 2099').optional(),
  onDuplicate: z.enum(['replace', 'skip']).optional(),
  actor: said.optional(),
  reason: said.optional(),
}
const oneStudent = z.strictObject(wish)
const manyStudents = z.strictObject({
  ...wish,
  students: z.array(z.uuid()).min(1).max(1_000).optional(),
})
const retrying = oneStudent.omit({ onDuplicate: true })
const filter = z.strictObject({
  student: z.uuid().optional(),
  period: z.enum(PERIODS).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/**
 * The HTTP routes of the system:
 *
 * - `POST /students/:id/batches` generates one student's reports → 201 created; 200 replaced,
 *   unchanged or left alone; 202 where another request is still at it; 503 where the writer
 *   failed; 422 where the student's time zone cannot be read
 * - `POST /batches` generates those of many students, or of all active ones → 200 with an outcome
 *   per student, or 207 where one needs attention
 * - `POST /batches/retry` tries again what failed, and generates what is missing → as above
 * - `POST /batches/preview` says what that would do → 200, writes nothing
 * - `GET /batches?student=…&period=…&limit=…` → 200, newest first
 * - `GET /batches/:id/reports` → 200, the batch and its eight reports, all of one moment
 *
 * Errors are problem+json: 400 for a body of another shape, 404 for an unknown student or batch.
 */
export function reportRoutes(system: ReportSystem): Hono {
  return new Hono()
    .use(duplicates({ once: system.once, guards: [reportBatches] }))
    .post('/students/:id/batches', async (context) => {
      const id = z.uuid().parse(context.req.param('id'))
      const request = oneStudent.parse(await jsonBody(context))
      const outcome = await generateOne(system, id, request)
      if (!outcome) throw new HTTPException(404, { message: `There is no student ${id}.` })
      return answerOne(context, outcome)
    })
    .post('/batches', async (context) => {
      const { students, ...request } = manyStudents.parse(await jsonBody(context))
      return answerMany(context, await generateMany(system, request, students))
    })
    .post('/batches/retry', async (context) => {
      const request = retrying.parse(await jsonBody(context))
      return answerMany(context, await retryAll(system, request))
    })
    .post('/batches/preview', async (context) => {
      const { students, ...request } = manyStudents.parse(await jsonBody(context))
      return context.json(await previewMany(system, request, students))
    })
    .get('/batches', async (context) => {
      const { student, ...query } = filter.parse(context.req.query())
      return context.json({
        batches: await listBatches(system.pool, { ...query, userId: student }),
      })
    })
    .get('/batches/:id/reports', async (context) => {
      const id = z.uuid().parse(context.req.param('id'))
      const found = await readBatch(system.pool, id)
      if (!found) throw new HTTPException(404, { message: `There is no batch ${id}.` })
      return context.json(found)
    })
    .onError((error, context) => problem(context, error))
}

const ATTENTION = ['failed', 'invalid', 'cancelled', 'in-flight', 'unknown-student'] as const

function answerMany(context: Context, answer: Answer): Response {
  const attention = ATTENTION.some((name) => answer.totals[name] > 0)
  return context.json(answer, attention || answer.unreadableZones.length > 0 ? 207 : 200)
}

const STATUS: Readonly<Partial<Record<OutcomeName, 201 | 202 | 422 | 503>>> = {
  created: 201,
  'in-flight': 202,
  invalid: 422,
  failed: 503,
  cancelled: 503,
}

const SECOND_MS = 1_000

function answerOne(context: Context, outcome: Outcome): Response {
  const { retryMs } = outcome
  if (retryMs !== undefined) {
    context.header('retry-after', String(Math.max(1, Math.ceil(retryMs / SECOND_MS))))
  }
  return context.json(outcome, STATUS[outcome.outcome] ?? 200)
}
