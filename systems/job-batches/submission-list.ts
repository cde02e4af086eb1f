import type { Onceover } from 'onceover'
import { BatchNotFoundError } from './errors.ts'
import { jobSubmissions } from './guards.ts'
import { batchExists } from './queries.ts'
import { type JobSubmission, selectSubmissions } from './submission-queries.ts'
import type { Workflow } from './workflow.ts'

/** Where a submission stands that is under way, or failed. */
export interface OpenClaim {
  readonly state: string
  readonly attempt: number
  readonly error: string | null
}

/** A job, what the API calls it where it has it, and where its submission stands until then. */
export interface ListedSubmission extends JobSubmission {
  readonly claim: OpenClaim | null
}

/**
 * The jobs of a batch, in order, each with what the API calls it where the API has it.
 *
 * @throws BatchNotFoundError
 */
export async function listSubmissions(
  { once, pool }: Workflow,
  { batchId }: { readonly batchId: number },
): Promise<ListedSubmission[]> {
  if (!(await batchExists(pool, batchId))) throw new BatchNotFoundError(batchId)
  const jobs = await selectSubmissions(pool, batchId)
  const open = await openClaims(once)
  return jobs.map((job) => ({ ...job, claim: open.get(job.jobId) ?? null }))
}

const OPEN = ['claimed', 'failed', 'exhausted'] as const
const AT_MOST = 1000

// Of each state the latest: more than that are no list that anyone reads.
async function openClaims(once: Onceover): Promise<ReadonlyMap<number, OpenClaim>> {
  const claims = await Promise.all(
    OPEN.map((state) => once.claims({ guard: jobSubmissions.name, state, limit: AT_MOST })),
  )
  const open = claims.flat().map(({ key, state, attempt, error }) => {
    return [Number(key.job_id), { state, attempt, error }] as const
  })
  return new Map(open)
}
