import { type Handle, type InsertOptions, type Onceover, OnceoverError } from 'onceover'
import { z } from 'zod'
import type { BatchType, PlannedBatch } from './configuration.ts'
import { BatchExistsError } from './errors.ts'
import { jobBatches } from './guards.ts'
import { type BatchesOf, type BatchPreview, planOf, previewBatches } from './preview.ts'
import { insertJobs, type NewJob, selectInTheWay } from './queries.ts'
import type { Workflow } from './workflow.ts'

/** Why a duplicate is wanted, and who wants it: both are kept on the batch and in the audit. */
export interface Allowance {
  readonly reason: string
  readonly actor: string
}

/** A request to create the batches of a configuration. */
export interface CreateRequest extends BatchesOf {
  readonly actor: string
  /** Makes a numbered copy where a batch exists, instead of refusing. */
  readonly allowDuplicate?: Allowance | undefined
  /**
   * Asked before a duplicate is made, for interactive use: shows the preview, and gives the
   * allowance, or undefined for no.
   */
  readonly confirm?: (preview: BatchPreview) => Promise<Allowance | undefined>
}

/** A batch that was created, with its jobs. */
export interface CreatedBatch {
  readonly id: number
  readonly type: BatchType
  /** 0 for an original, 1 and up for an allowed duplicate. */
  readonly copyNumber: number
  readonly jobs: number
}

/**
 * Creates a batch per type with a job per item, all in one transaction. Where an unfinished batch
 * of a type exists nothing at all is created, unless a duplicate is allowed or confirmed.
 *
 * @throws BatchExistsError, ConfigurationNotFoundError
 */
export async function createBatches(
  workflow: Workflow,
  request: CreateRequest,
): Promise<CreatedBatch[]> {
  try {
    return await create(workflow, request)
  } catch (refusal) {
    if (!(refusal instanceof BatchExistsError && request.confirm)) throw refusal
    // The refused attempt was the check: it cannot be overtaken as a look beforehand could.
    const allowDuplicate = await request.confirm(await previewBatches(workflow, request))
    if (!allowDuplicate) throw refusal
    return await create(workflow, { ...request, allowDuplicate })
  }
}

async function create({ once }: Workflow, request: CreateRequest): Promise<CreatedBatch[]> {
  const outcome = await once.transaction(
    async (tx) => {
      const planned = await planOf(tx, request)
      const inserted = await insertBatches(once, tx, request, planned)
      // Returned, not thrown: the transaction commits, and with it the event of the refusal.
      if (inserted instanceof BatchExistsError) return inserted
      const batches = planned.map((batch, index) => withJobs(batch, inserted[index]))
      await insertJobs(
        tx,
        batches.flatMap(({ jobs }) => jobs),
      )
      return batches.map(({ batch }) => batch)
    },
    { retries: 3 },
  )
  if (outcome instanceof BatchExistsError) throw outcome
  return outcome
}

type Inserted = z.infer<typeof insertedRow>
const insertedRow = z.object({ id: z.int(), copy_number: z.int() })

function withJobs({ type, items }: PlannedBatch, row: Inserted | undefined) {
  const { id, copy_number } = insertedRow.parse(row)
  const batch: CreatedBatch = { id, type, copyNumber: copy_number, jobs: items.length }
  const jobs = items.map((item, index): NewJob => ({ batch_id: id, item_number: index + 1, item }))
  return { batch, jobs }
}

async function insertBatches(
  once: Onceover,
  tx: Handle,
  request: CreateRequest,
  planned: readonly PlannedBatch[],
): Promise<Inserted[] | BatchExistsError> {
  const { configurationId, actor, allowDuplicate: allowed } = request
  const rows = planned.map(({ type }) => ({
    configuration_id: configurationId,
    batch_type: type,
    created_by: actor,
    ...(allowed && { allow_reason: allowed.reason, allowed_by: allowed.actor }),
  }))
  const policy: InsertOptions = allowed
    ? { onDuplicate: 'allow', ...allowed }
    : { onDuplicate: 'reject', actor }
  try {
    const { verdicts } = await once.insert(jobBatches, rows, { ...policy, handle: tx })
    return verdicts.map(({ row, reason }) => {
      if (row) return insertedRow.parse(row)
      throw new Error(`A batch of configuration ${configurationId} was refused: ${reason}`)
    })
  } catch (error) {
    const ids = existingIds(error)
    if (ids.length === 0) throw error
    const types = planned.map(({ type }) => type)
    const existing = await selectInTheWay(tx, configurationId, types, ids)
    return new BatchExistsError(configurationId, existing, error)
  }
}

const rejected = z.object({
  verdicts: z.array(z.object({ existing: z.object({ id: z.int() }).optional() })),
})

// The batches that a rejected input met; none where it was refused for another reason.
function existingIds(error: unknown): number[] {
  if (!(error instanceof OnceoverError && error.code === 'ROWS_REJECTED')) return []
  return rejected.parse(error.details).verdicts.flatMap(({ existing }) => existing?.id ?? [])
}
