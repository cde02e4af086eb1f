import { Hono } from 'hono'
import type { Handle } from 'onceover'
import { z } from 'zod'
import {
  type BatchContent,
  deleteReports,
  insertBatch,
  insertReports,
  putBatch,
} from './batches.ts'
import { readMetrics } from './metrics.ts'
import { PERIODS, type Period, windowOn } from './period.ts'
import { zonesOf } from './students.ts'
import { REPORT_TYPES, type ReportWriter } from './writer.ts'

/*
 * The incident's code and the fix that its document proposes, kept to be measured. Nothing else may
 * use them.
 */

/** What the naive code works with. */
export interface NaiveSystem {
  readonly pool: Handle
  readonly writer: ReportWriter
}

/** A request for one student's reports. */
export interface NaiveRequest {
  readonly userId: string
  readonly period: Period
  /** A local date of the period. */
  readonly date: string
}

/** Makes a batch and its reports and gives the batch's id. */
export type Generate = (system: NaiveSystem, request: NaiveRequest) => Promise<string>

/** The incident's code: it always inserts. A second run, or one at the same time, gets 23505. */
export const generateNaively: Generate = async (system, request) => {
  const content = await contentOf(system, request)
  const id = await insertBatch(system.pool, 'processing', content)
  return finish(system, id, content)
}

/** Looks for a batch by its key: $1 student, $2 period, $3 first day. */
const SELECT_EXISTING = `
  SELECT id, status FROM parent_report_batches
  WHERE user_id = $1 AND period = $2 AND start_date = $3 LIMIT 1`

/**
 * The document's fix: it looks first. Where it sees a batch it empties it and then writes eight new
 * reports, one after the other; where it sees none it inserts, and anyone else may have looked too.
 */
export const generateAfterCheck: Generate = async (system, request) => {
  const content = await contentOf(system, request)
  const { rows } = await system.pool.query(SELECT_EXISTING, [
    ...[request.userId, request.period, content.window.startDate],
  ])
  const existing = rows[0]?.id
  if (existing === undefined) {
    const id = await insertBatch(system.pool, 'processing', content)
    return finish(system, id, content)
  }
  await putBatch(system.pool, String(existing), 'processing', content)
  await deleteReports(system.pool, String(existing))
  return finish(system, String(existing), content)
}

async function contentOf({ pool }: NaiveSystem, request: NaiveRequest): Promise<BatchContent> {
  const { userId, period, date } = request
  const [student] = await zonesOf(pool, [userId])
  if (!student) throw new Error(`There is no student ${userId}.`)
  const window = windowOn(period, student.timeZone, date)
  const [metrics] = await readMetrics(pool, [{ userId, ...window }])
  if (!metrics) throw new Error(`There is no student ${userId}.`)
  return { userId, period, window, metrics, metadata: {} }
}

async function finish({ pool, writer }: NaiveSystem, id: string, content: BatchContent) {
  const { signal } = new AbortController()
  for (const type of REPORT_TYPES) {
    const written = await writer.write({ type, ...content }, { idempotencyKey: id, signal })
    await insertReports(pool, id, [{ type, ...written }])
  }
  await putBatch(pool, id, 'completed', content)
  return id
}

const body = z.object({ period: z.enum(PERIODS), date: z.iso.date() })

/** The incident's endpoint, `POST /students/:id/batches`: 200 with the batch's id, or 500. */
export function naiveRoutes(system: NaiveSystem, generate: Generate): Hono {
  return new Hono()
    .post('/students/:id/batches', async (context) => {
      const { period, date } = body.parse(await context.req.json())
      const userId = context.req.param('id')
      return context.json({ batch: await generate(system, { userId, period, date }) })
    })
    .onError((error, context) =>
      context.json({ code: 'REPORT_GENERATION_ERROR', error: error.message }, 500),
    )
}
