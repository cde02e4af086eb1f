import { setTimeout as sleep } from 'node:timers/promises'
import type { Hono } from 'hono'
import type { Handle } from 'onceover'
import type { Pool } from 'pg'
import { student } from './fixture.ts'
import { windowOn } from './period.ts'
import { templateWriter } from './template-writer.ts'
import type { ReportWriter } from './writer.ts'

/*
 * The incident and what its fix leaves, each produced on purpose over HTTP. `app` is the naive
 * endpoint or the real one: both take the same request.
 */

/** A local date of the incident's week. */
export const INCIDENT_DATE = '2026-01-22'

/** An answer over HTTP. */
export interface Answered {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Asks for the reports of the n-th student for the incident's week. */
export async function requestReports(app: Hono, n = 0, more: object = {}): Promise<Answered> {
  const response = await app.request(`/students/${student(n).id}/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ period: 'weekly', date: INCIDENT_DATE, ...more }),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

/**
 * A request while another, which nobody can see yet, is about to make the same batch: its insert
 * waits in an open transaction until this request runs into it, and is then committed.
 */
export async function requestDuringInsert(app: Hono, pool: Pool, n = 0): Promise<Answered> {
  const { id, timeZone } = student(n)
  const { startDate, endDate } = windowOn('weekly', timeZone, INCIDENT_DATE)
  const other = await pool.connect()
  try {
    await other.query('BEGIN')
    await other.query(
      `INSERT INTO parent_report_batches (user_id, period, start_date, end_date, status)
       VALUES ($1, 'weekly', $2, $3, 'completed')`,
      [id, startDate, endDate],
    )
    const { rows } = await other.query('SELECT pg_backend_pid() AS pid')
    const answer = requestReports(app, n)
    await waitUntilBlocked(pool, Number(rows[0]?.pid))
    await other.query('COMMIT')
    return await answer
  } finally {
    // Ended, not given back: after an error it would still be in its transaction.
    other.release(true)
  }
}

/**
 * A writer beside whom a reader looks: at each report that is written, the number of reports that
 * the student's batch has for everybody else is added to `seen`.
 */
export function watchedWriter(pool: Handle, n: number, seen: number[]): ReportWriter {
  return {
    version: 'watched',
    write: async (request, options) => {
      seen.push(await reportsOf(pool, student(n).id))
      return templateWriter.write(request, options)
    },
  }
}

async function reportsOf(handle: Handle, userId: string): Promise<number> {
  const { rows } = await handle.query(
    `SELECT count(*)::int AS reports
     FROM parent_report_batches AS batch JOIN passive_reports ON batch_id = batch.id
     WHERE user_id = $1`,
    [userId],
  )
  return Number(rows[0]?.reports)
}

const POLL_MS = 5
const POLLS = 2_000

/** Waits until some session waits for a lock of the backend `pid`. */
async function waitUntilBlocked(handle: Handle, pid: number): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    const { rows } = await handle.query(
      'SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)) LIMIT 1',
      [pid],
    )
    if (rows.length > 0) return
    await sleep(POLL_MS)
  }
  throw new Error(`No session came to wait for backend ${pid}.`)
}
