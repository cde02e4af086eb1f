import { type Batch, describeBatch } from './batch.ts'

/** What a user can do about an unfinished batch that stands in the way. */
const WAYS_OUT = [
  'cancel it, which frees the key (cancelBatch, with a reason and an actor)',
  'wait until it is COMPLETED, FAILED or CANCELLED',
  'allow a duplicate, a numbered copy (allowDuplicate, with a reason and an actor)',
] as const

/** Unfinished batches of the same configuration and types exist already. Nothing was written. */
export class BatchExistsError extends Error {
  /** Every unfinished batch that stands in the way, newest first. */
  readonly existing: readonly Batch[]
  /** What the user can do about it. */
  readonly waysOut: readonly string[] = WAYS_OUT

  constructor(configurationId: number, existing: readonly Batch[], cause?: unknown) {
    const named = existing.map((batch) => `${batch.type}: ${describeBatch(batch)}`)
    super(
      `Active batch already exists for configuration ${configurationId}: ${named.join('; ')}. ` +
        `Ways out: ${WAYS_OUT.join('; ')}.`,
      { cause },
    )
    this.name = 'BatchExistsError'
    this.existing = existing
  }
}

/** No configuration has this id. */
export class ConfigurationNotFoundError extends Error {
  constructor(configurationId: number) {
    super(`Configuration ${configurationId} not found`)
    this.name = 'ConfigurationNotFoundError'
  }
}

/** No batch has this id. */
export class BatchNotFoundError extends Error {
  constructor(batchId: number) {
    super(`Batch ${batchId} not found`)
    this.name = 'BatchNotFoundError'
  }
}

/** The batch is finished or cancelled: nothing of it is submitted any more. */
export class BatchFinishedError extends Error {
  constructor(batchId: number, status: string) {
    super(`Batch ${batchId} is ${status}: it is not submitted`)
    this.name = 'BatchFinishedError'
  }
}

/** No job has this id. */
export class JobNotFoundError extends Error {
  constructor(jobId: number) {
    super(`Job ${jobId} not found`)
    this.name = 'JobNotFoundError'
  }
}

/** No answer of this job was lost, or a run is at it: there is nothing that a person has to say. */
export class NothingToSettleError extends Error {
  constructor(jobId: number, cause: unknown) {
    super(`Job ${jobId} has no submission whose answer was lost`, { cause })
    this.name = 'NothingToSettleError'
  }
}
