import { generator } from 'onceover'
import { jobSubmissions } from './guards.ts'
import { paidCall } from './paid-call.ts'
import { type Accepted, submission } from './submission-api.ts'
import { recordSubmission, type SubmissionRange, waitingJobs } from './submission-queries.ts'
import type { SubmittingWorkflow } from './workflow.ts'

/** The name of the paid call among the steps of a claim. */
export const SUBMIT = 'submit'

/** How often, and how soon, a submission that failed is tried by a later run. */
export interface Attempts {
  readonly attempts?: number
  readonly backoff?: string
}

/**
 * Submits a job to the API once. `make` is the paid call, recorded before and after; `save` writes
 * down what the API calls the job, and moves it on, in the transaction that completes the claim.
 */
export const submissions = (
  workflow: Pick<SubmittingWorkflow, 'pool' | 'api'>,
  { attempts = 3, backoff = '10s' }: Attempts = {},
) =>
  generator(jobSubmissions, {
    input: submission,
    expected: (range: SubmissionRange) => waitingJobs(range),
    make: async ({ key, input }, claim): Promise<Accepted> => {
      const { call, ...options } = paidCall(workflow, Number(key.job_id), input)
      return claim.step(SUBMIT, call, options)
    },
    save: async (tx, { unit, made }) => {
      await recordSubmission(tx, Number(unit.key.job_id), made)
      return made
    },
    timeout: '2m',
    attempts,
    backoff,
  })
