import { OnceoverError } from 'onceover'
import { z } from 'zod'
import {
  BatchFinishedError,
  BatchNotFoundError,
  JobNotFoundError,
  NothingToSettleError,
} from './errors.ts'
import {
  activateBatches,
  selectBatchStatuses,
  selectJob,
  selectWaitingJobs,
  type WaitingJob,
} from './submission-queries.ts'
import { type Attempts, SUBMIT, submissions } from './submissions.ts'
import type { SubmittingWorkflow } from './workflow.ts'

/** Which batches to submit, and who says so. */
export interface SubmitRequest extends Attempts {
  readonly batchIds: readonly number[]
  readonly actor: string
  /** Why; kept with the run. */
  readonly reason?: string
  /** How many jobs at once. Default 8. */
  readonly atOnce?: number
}

/** What came of one job. */
export interface SubmittedJob {
  readonly jobId: number
  readonly verdict: string
  /** What the API calls the job; null where it does not have it, or nobody knows. */
  readonly externalId: string | null
  /** Why it was not submitted just now; null where it was. */
  readonly reason: string | null
}

/** What came of submitting batches. */
export interface Submitted {
  /** Onceover's run, by which it can be cancelled, resumed and asked about. */
  readonly run: string
  /** How many jobs got which verdict. */
  readonly totals: Readonly<Record<string, number>>
  readonly jobs: readonly SubmittedJob[]
}

const AT_ONCE = 8
const WAIT = '1m'

const unitOf = ({ jobId, submission }: WaitingJob) => ({
  key: { job_id: jobId },
  input: submission,
})

/**
 * Submits the jobs of batches that the API does not have, each of them once, however many processes
 * do so at the same time; what another one is at is waited for. What is wrong with one job is its
 * verdict.
 *
 * @throws BatchNotFoundError, BatchFinishedError
 */
export async function submitBatches(
  workflow: SubmittingWorkflow,
  { batchIds, actor, reason, atOnce = AT_ONCE, ...attempts }: SubmitRequest,
): Promise<Submitted> {
  const { once, pool } = workflow
  await requireUnfinished(workflow, batchIds)
  await activateBatches(pool, batchIds)
  const waiting = await selectWaitingJobs(pool, batchIds)
  const { run, totals, verdicts } = await once.run(
    submissions(workflow, attempts),
    waiting.map(unitOf),
    { concurrency: atOnce, wait: WAIT, actor, ...(reason !== undefined && { reason }) },
  )
  const jobs = verdicts.map((verdict, index) => told(waiting[index]?.jobId ?? 0, verdict))
  return { run, totals, jobs }
}

async function requireUnfinished(
  { pool }: SubmittingWorkflow,
  batchIds: readonly number[],
): Promise<void> {
  const statuses = await selectBatchStatuses(pool, batchIds)
  for (const batchId of batchIds) {
    const status = statuses.get(batchId)
    if (status === undefined) throw new BatchNotFoundError(batchId)
    if (status !== 'INITIATED' && status !== 'ACTIVE') throw new BatchFinishedError(batchId, status)
  }
}

/** What a person found out at the API about a job whose answer was lost. */
export interface Finding {
  readonly jobId: number
  /** What the API calls the job; undefined where it never took it. */
  readonly externalId: string | undefined
  readonly actor: string
}

/**
 * The way out where an answer was lost and the API cannot be asked: says what a person found there,
 * and finishes the submission with it. A job that the API never took is submitted now.
 *
 * @throws JobNotFoundError, NothingToSettleError
 */
export async function settleSubmission(
  workflow: SubmittingWorkflow,
  { jobId, externalId, actor }: Finding,
): Promise<SubmittedJob> {
  const { once, pool } = workflow
  const job = await selectJob(pool, jobId)
  if (!job) throw new JobNotFoundError(jobId)
  const work = submissions(workflow)
  const found = externalId === undefined ? ({ again: true } as const) : { answer: { externalId } }
  await once.resolveStep(work, { job_id: jobId }, SUBMIT, found).catch((error: unknown) => {
    const nothing = error instanceof OnceoverError && error.code === 'STEP_INVALID'
    throw nothing ? new NothingToSettleError(jobId, error) : error
  })
  return told(jobId, await once.runOne(work, unitOf(job), { wait: WAIT, actor }))
}

const accepted = z.object({ externalId: z.string() })
const row = z.object({ external_id: z.string() })

// What the API calls the job stands in the result of its submission, or in the row that was there.
function told(
  jobId: number,
  verdict: {
    readonly verdict: string
    readonly result?: unknown
    readonly existing?: unknown
    readonly reason?: string
  },
): SubmittedJob {
  const made = accepted.safeParse(verdict.result).data?.externalId
  const stood = row.safeParse(verdict.existing).data?.external_id
  return {
    jobId,
    verdict: verdict.verdict,
    externalId: made ?? stood ?? null,
    reason: verdict.reason ?? null,
  }
}
