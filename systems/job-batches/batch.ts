/** The states of a batch: INITIATED and ACTIVE are unfinished, the others final. */
export const BATCH_STATUSES = ['INITIATED', 'ACTIVE', 'COMPLETED', 'FAILED', 'CANCELLED'] as const

/** A batch as people are told about it. */
export interface Batch {
  readonly id: number
  readonly configurationId: number
  readonly type: string
  readonly status: (typeof BATCH_STATUSES)[number]
  /** 0 for the original, 1 and up for allowed duplicates. */
  readonly copyNumber: number
  readonly jobs: number
  readonly createdBy: string
  readonly created: Date
}

/** A batch in a phrase: `batch 7 (INITIATED, 3 jobs, created 2025-11-25T09:00:00.000Z by ana)`. */
export function describeBatch(batch: Batch): string {
  const copy = batch.copyNumber === 0 ? '' : `copy ${batch.copyNumber}, `
  const jobs = batch.jobs === 1 ? '1 job' : `${batch.jobs} jobs`
  const made = `created ${batch.created.toISOString()} by ${batch.createdBy}`
  return `batch ${batch.id} (${batch.status}, ${copy}${jobs}, ${made})`
}
