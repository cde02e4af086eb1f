import { type Handle, OnceoverError, type StepCall, type StepOptions } from 'onceover'
import {
  type Accepted,
  NotTakenError,
  type Submission,
  type SubmissionApi,
} from './submission-api.ts'
import { selectJobStatus } from './submission-queries.ts'

/** The paid call of one job, and how its lost answer is found again: the halves of a step. */
export interface PaidCall extends StepOptions<Accepted> {
  readonly call: (calling: StepCall) => Promise<Accepted>
}

/**
 * The paid call of a job that still waits. What the API certainly did not take, and a job that was
 * cancelled meanwhile, are told as a call that was never made.
 *
 * How a lost answer is found depends on what the API offers. One with a lookup is asked. With keys
 * the call is made again, and the API knows it by its key. With neither nobody can tell: there is
 * no `ask`, and the claim waits for a person.
 */
export function paidCall(
  { pool, api }: { readonly pool: Handle; readonly api: SubmissionApi },
  jobId: number,
  submission: Submission,
): PaidCall {
  let repeated = false
  const requireWaiting = async (refusal: (message: string) => Error) => {
    const status = await selectJobStatus(pool, jobId)
    if (status !== 'INITIATED') throw refusal(`Job ${jobId} is ${status}: it is not submitted.`)
  }
  const call = async (calling: StepCall) => {
    if (!repeated) await requireWaiting(notMade)
    try {
      return await api.submit(submission, calling)
    } catch (error) {
      if (!(error instanceof NotTakenError)) throw error
      // Of the call that is repeated this says nothing: its answer is still to be found.
      throw repeated ? new Error(error.message) : notMade(error.message)
    }
  }
  if (api.offers === 'neither') return { call }
  if (api.offers === 'lookup') {
    return { call, ask: (calling) => api.find(submission.reference, calling) }
  }
  return {
    call,
    ask: async () => {
      await requireWaiting((message) => new Error(`${message} Whether the API has it is unknown.`))
      repeated = true
      return undefined
    },
  }
}

const notMade = (message: string): OnceoverError => new OnceoverError('STEP_NOT_MADE', { message })
