import { BatchNotFoundError } from './errors.ts'
import { batchExists } from './queries.ts'
import { type JobSubmission, selectSubmissions } from './submission-queries.ts'
import type { Workflow } from './workflow.ts'

/**
 * The jobs of a batch, in order, each with what the API calls it where the API has it.
 *
 * @throws BatchNotFoundError
 */
export async function listSubmissions(
  { pool }: Pick<Workflow, 'pool'>,
  { batchId }: { readonly batchId: number },
): Promise<JobSubmission[]> {
  if (!(await batchExists(pool, batchId))) throw new BatchNotFoundError(batchId)
  return selectSubmissions(pool, batchId)
}
