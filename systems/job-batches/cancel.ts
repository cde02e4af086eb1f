import { BatchNotFoundError } from './errors.ts'
import { batchExists, cancelUnfinishedBatch, cancelUnfinishedJobs } from './queries.ts'
import type { Workflow } from './workflow.ts'

/** Which batch to cancel, why, and who says so: both are kept on the batch. */
export interface Cancellation {
  readonly batchId: number
  readonly reason: string
  readonly actor: string
}

/**
 * Cancels a batch and its unfinished jobs in one transaction, which frees the key for a new batch.
 * True where this call cancelled it, false where it was finished or cancelled before.
 *
 * @throws BatchNotFoundError
 */
export function cancelBatch(
  { once }: Pick<Workflow, 'once'>,
  { batchId, reason, actor }: Cancellation,
): Promise<boolean> {
  return once.transaction(
    async (tx) => {
      if (await cancelUnfinishedBatch(tx, batchId, reason, actor)) {
        await cancelUnfinishedJobs(tx, batchId)
        return true
      }
      if (await batchExists(tx, batchId)) return false
      throw new BatchNotFoundError(batchId)
    },
    { retries: 3 },
  )
}
