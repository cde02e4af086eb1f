import { onceover } from 'onceover'
import pg from 'pg'
import { submitNaively } from './naive-submission.ts'
import { type ApiAddress, type SubmissionApi, submissionApi } from './submission-api.ts'
import { submitBatches } from './submit.ts'

/** Submits batches, in a process of its own. */
export interface SubmitTask {
  readonly url: string
  readonly approach: 'naive' | 'onceover'
  readonly batchIds: readonly number[]
  readonly api: ApiAddress
  readonly actor: string
  /** Kills the process when the API has answered so often, with no answer written down yet. */
  readonly killedAfter?: number
}

/** What came of it. */
export interface SubmitResult {
  /** Jobs that this process submitted. */
  readonly submitted: number
  /** Paid calls that it made, that a recorded answer spared it, and that it asked about. */
  readonly steps: Readonly<Record<'made' | 'avoided' | 'asked', number>>
}

// Short, because the next run waits until the lease of the killed process is over.
const LEASE = { lease: '2s', heartbeat: '500ms' } as const

/** Connects, and gives back the submission itself: it ends the connection when it is done. */
export async function prepareSubmission(task: SubmitTask): Promise<() => Promise<SubmitResult>> {
  const { url, approach, batchIds, actor, killedAfter } = task
  const pool = new pg.Pool({ connectionString: url })
  const api = killing(submissionApi(task.api), killedAfter)
  await pool.query('SELECT 1')
  if (approach === 'naive') {
    return async () => {
      const submitted = await submitNaively(pool, api, batchIds).finally(() => pool.end())
      return { submitted, steps: { made: submitted, avoided: 0, asked: 0 } }
    }
  }
  const once = await onceover({ db: pool, worker: actor, ...LEASE })
  return async () => {
    try {
      const { totals } = await submitBatches({ once, pool, api }, { batchIds, actor })
      return { submitted: totals.created ?? 0, steps: once.counters.steps }
    } finally {
      await once.close()
      await pool.end()
    }
  }
}

// As a power cut between the call and its record: the API has the jobs, and nobody here knows.
function killing(api: SubmissionApi, answers = 0): SubmissionApi {
  if (answers === 0) return api
  let answered = 0
  return {
    ...api,
    submit: async (submission, calling) => {
      await api.submit(submission, calling)
      if (++answered === answers) process.kill(process.pid, 'SIGKILL')
      return new Promise(() => undefined)
    },
  }
}
