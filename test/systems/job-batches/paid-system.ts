import type pg from 'pg'
import { createBatches } from '../../../systems/job-batches/generate.ts'
import { openPaidApi, type PaidApi } from '../../../systems/job-batches/paid-api.ts'
import {
  type ApiAddress,
  type Offer,
  submissionApi,
} from '../../../systems/job-batches/submission-api.ts'
import {
  type SubmitRequest,
  type Submitted,
  submitBatches,
} from '../../../systems/job-batches/submit.ts'
import type { SubmittingWorkflow } from '../../../systems/job-batches/workflow.ts'
import type { TestSystem } from './system.ts'

/** The system with a paid API of its own, and batches of the incident's 3 and 5 jobs. */
export interface PaidSystem {
  readonly paid: PaidApi
  readonly workflow: SubmittingWorkflow
  readonly batchIds: readonly number[]
  /** Submits them; a failed job may be tried again at once. */
  submit(options?: Partial<SubmitRequest>): Promise<Submitted>
}

/** Opens an API with its offer, and creates batches to submit to it. */
export async function paidSystem(
  system: TestSystem,
  offers: Offer,
  settings: Partial<ApiAddress> = {},
): Promise<PaidSystem> {
  const paid = await openPaidApi(offers)
  system.alsoClose(() => paid.close())
  const { once, pool } = system
  const address = { url: paid.url, offers, settlesMs: 0, ...settings }
  const workflow = { once, pool, api: submissionApi(address) }
  const configurationId = await system.configuration()
  const batches = await createBatches(system, { configurationId, actor: 'ana' })
  const batchIds = batches.map(({ id }) => id)
  return {
    paid,
    workflow,
    batchIds,
    submit: (options) =>
      submitBatches(workflow, { batchIds, actor: 'ana', backoff: '0ms', ...options }),
  }
}

/** How many jobs of batches have which status, and how many have a submission. */
export async function jobsOf(
  pool: pg.Pool,
  batchIds: readonly number[],
): Promise<Record<string, number>> {
  const { rows } = await pool.query(
    `SELECT status::text, count(*)::int AS jobs FROM irp_job WHERE batch_id = ANY ($1)
     GROUP BY status
     UNION ALL
     SELECT 'submissions', count(*)::int FROM irp_submission s JOIN irp_job j ON j.id = s.job_id
     WHERE j.batch_id = ANY ($1)`,
    [batchIds],
  )
  return Object.fromEntries(rows.map(({ status, jobs }) => [status, jobs]))
}

/** A promise and what resolves it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
