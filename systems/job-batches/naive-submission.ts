import type { Handle } from 'onceover'
import type { SubmissionApi } from './submission-api.ts'
import { recordSubmission, selectWaitingJobs } from './submission-queries.ts'

/**
 * Submits the waiting jobs of batches as the incident's workflow did: it calls the API for each and
 * writes down the answer. Whoever dies in between leaves a job that was paid and still waits.
 * Gives how many it submitted.
 */
export async function submitNaively(
  handle: Handle,
  api: SubmissionApi,
  batchIds: readonly number[],
): Promise<number> {
  const waiting = await selectWaitingJobs(handle, batchIds)
  const { signal } = new AbortController()
  const outcomes = await Promise.allSettled(
    waiting.map(async ({ jobId, submission }) => {
      const accepted = await api.submit(submission, { signal })
      await recordSubmission(handle, jobId, accepted)
    }),
  )
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return waiting.length
}
