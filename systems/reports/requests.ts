import { setTimeout as sleep } from 'node:timers/promises'
import type { Hono } from 'hono'
import { onceover } from 'onceover'
import pg from 'pg'
import { openReports } from './generate.ts'
import { requestReports } from './incident.ts'
import { generateAfterCheck, generateNaively, naiveRoutes } from './naive.ts'
import { reportRoutes } from './routes.ts'
import { templateWriter } from './template-writer.ts'
import type { ReportWriter } from './writer.ts'

/** Who answers the requests: the incident's code, its proposed fix, or Onceover. */
export type Side = 'naive' | 'check-first' | 'onceover'

/** Requests of one process: one after the other, for each of the first so many students. */
export interface RequestTask {
  readonly url: string
  readonly side: Side
  readonly students: number
}

/** What the requests came to. */
export interface RequestTally {
  readonly requests: number
  /** Answered with HTTP 500. */
  readonly died: number
  /** Reports that the writer was asked for, each of them paid. */
  readonly writerCalls: number
  /** How many answers had each outcome, and how many old reports they say went. */
  readonly created: number
  readonly replaced: number
  readonly unchanged: number
  readonly other: number
  readonly oldReports: number
  /** What an answer says of a batch that was replaced, to be shown. */
  readonly warning: string | null
}

const CONNECTIONS = 4
const WRITING_MS = 6

/** Connects, and gives back the requests themselves: they end the connections when done. */
export async function prepareRequests(task: RequestTask): Promise<() => Promise<RequestTally>> {
  const pool = new pg.Pool({ connectionString: task.url, max: CONNECTIONS })
  // A connection that the server ends while nobody uses it is nobody's failure.
  pool.on('error', () => undefined)
  let writerCalls = 0
  // Stands in for a language model: it takes its time, and every call is paid.
  const writer: ReportWriter = {
    version: templateWriter.version,
    write: async (request, options) => {
      writerCalls++
      await sleep(WRITING_MS)
      return templateWriter.write(request, options)
    },
  }
  const { app, close } = await appOf(task.side, pool, writer)
  await pool.query('SELECT 1')
  return async () => {
    try {
      const tally = await sendAll(app, task.students)
      return { ...tally, writerCalls }
    } finally {
      await close()
      await pool.end()
    }
  }
}

async function appOf(side: Side, pool: pg.Pool, writer: ReportWriter) {
  if (side !== 'onceover') {
    const generate = side === 'naive' ? generateNaively : generateAfterCheck
    return { app: naiveRoutes({ pool, writer }, generate), close: async () => undefined }
  }
  const once = await onceover({ db: pool })
  return { app: reportRoutes(openReports(once, pool, writer)), close: () => once.close() }
}

async function sendAll(app: Hono, students: number): Promise<RequestTally> {
  const counts = { requests: 0, died: 0, created: 0, replaced: 0, unchanged: 0, other: 0 }
  let oldReports = 0
  let warning: string | null = null
  for (let n = 0; n < students; n++) {
    const { status, body } = await requestReports(app, n)
    counts.requests++
    if (status === 500) counts.died++
    else counts[nameOf(body.outcome)]++
    oldReports += Number(body.oldReports ?? 0)
    if (body.outcome === 'replaced') warning ??= String(body.warning)
  }
  return { ...counts, oldReports, warning, writerCalls: 0 }
}

const nameOf = (outcome: unknown) =>
  outcome === 'created' || outcome === 'replaced' || outcome === 'unchanged' ? outcome : 'other'

/** Adds up what several processes came to. */
export function addUp(tallies: readonly RequestTally[]): RequestTally {
  const sum = (what: Exclude<keyof RequestTally, 'warning'>) =>
    tallies.reduce((total, tally) => total + tally[what], 0)
  return {
    requests: sum('requests'),
    died: sum('died'),
    writerCalls: sum('writerCalls'),
    created: sum('created'),
    replaced: sum('replaced'),
    unchanged: sum('unchanged'),
    other: sum('other'),
    oldReports: sum('oldReports'),
    warning: tallies.find(({ warning }) => warning !== null)?.warning ?? null,
  }
}
