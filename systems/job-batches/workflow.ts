import type { Handle, Onceover } from 'onceover'
import type { SubmissionApi } from './submission-api.ts'

/** What the functions of this system work with: Onceover to write, a pool (or client) to read. */
export interface Workflow {
  readonly once: Onceover
  readonly pool: Handle
}

/** The same where jobs are submitted, too. */
export interface SubmittingWorkflow extends Workflow {
  /** The external API, which is paid by the submission. */
  readonly api: SubmissionApi
}
