import type { Hono } from 'hono'
import { onceover } from 'onceover'
import pg from 'pg'
import { workerMain } from '../fork-workers.ts'
import type { LessonAnswer } from './answer.ts'
import type { Cause } from './causes.ts'
import { draftLesson } from './draft.ts'
import type { LessonGroup } from './groups.ts'
import { naiveRoutes } from './naive.ts'
import type { LessonRequest } from './request.ts'
import { lessonRoutes } from './routes.ts'

/** What one process of the demo does: it sends the same requests as every other. */
export interface LessonTask {
  readonly url: string
  readonly side: 'naive' | 'onceover'
  readonly requests: readonly LessonRequest[]
}

/** What it saw. */
export interface LessonTally {
  readonly requests: number
  /** Lessons that were drafted: the slow and costly part. */
  readonly drafts: number
  /** Requests that were answered with HTTP 500. */
  readonly died: number
  /** Groups of those: nobody was told what became of them. */
  readonly unanswered: number
  readonly created: number
  readonly causes: Readonly<Partial<Record<Cause, number>>>
}

const CONNECTIONS = 4

type Sent = Omit<LessonTally, 'drafts'>

async function sendAll(app: Hono, requests: readonly LessonRequest[]): Promise<Sent> {
  const tally = { requests: 0, died: 0, unanswered: 0, created: 0 }
  const causes: Partial<Record<Cause, number>> = {}
  for (const request of requests) {
    const response = await app.request('/requests', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    })
    tally.requests++
    const { groups = [] } = (await response.json()) as Partial<LessonAnswer>
    if (response.status === 500) {
      tally.died++
      tally.unanswered += request.groups.length
    }
    for (const { verdict, cause } of groups) {
      if (verdict === 'created') tally.created++
      if (cause) causes[cause] = (causes[cause] ?? 0) + 1
    }
  }
  return { ...tally, causes }
}

workerMain(async ({ url, side, requests }: LessonTask) => {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS })
  let drafts = 0
  const draft = (group: LessonGroup) => {
    drafts++
    return draftLesson(group)
  }
  const once = side === 'onceover' ? await onceover({ db: pool }) : undefined
  const app = once ? lessonRoutes({ once, pool, draft }) : naiveRoutes(pool, draft)
  await pool.query('SELECT 1')
  return async (): Promise<LessonTally> => {
    try {
      return { ...(await sendAll(app, requests)), drafts }
    } finally {
      await once?.close()
      await pool.end()
    }
  }
})
