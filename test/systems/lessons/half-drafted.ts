import { onceover } from 'onceover'
import pg from 'pg'
import { generateLessons } from '../../../systems/lessons/generate.ts'
import type { LessonRequest } from '../../../systems/lessons/request.ts'

/** What the process is sent. */
export interface Sent {
  readonly url: string
  readonly request: LessonRequest
}

// Sends a request whose draft never ends, and says when it has begun: a process to be killed.
process.once('message', async ({ url, request }: Sent) => {
  const pool = new pg.Pool({ connectionString: url })
  const once = await onceover({ db: pool, worker: 'to be killed', lease: '2s', heartbeat: '500ms' })
  const draft = () => {
    process.send?.('drafting')
    return new Promise<never>(() => undefined)
  }
  await generateLessons({ once, pool, draft }, request)
})
