import type { Handle } from 'onceover'
import { type PlannedBatch, planBatches } from './configuration.ts'
import { ConfigurationNotFoundError } from './errors.ts'
import { insertJobs, type Made, selectActive, selectItems } from './queries.ts'

/**
 * The incident's code: it creates a batch per type with its jobs, each by itself, without a look at
 * what exists. Run twice, it makes everything twice.
 */
export async function createBatchesNaively(handle: Handle, configurationId: number): Promise<Made> {
  const planned = await plan(handle, configurationId)
  for (const batch of planned) await createBatch(handle, configurationId, batch)
  return counted(planned)
}

/**
 * The incident's proposed fix: it looks for an unfinished batch first, and creates where it sees
 * none. Between the look and the insert anyone else may have looked too.
 */
export async function createBatchesAfterCheck(
  handle: Handle,
  configurationId: number,
): Promise<Made> {
  const planned = await plan(handle, configurationId)
  const made: PlannedBatch[] = []
  for (const batch of planned) {
    const existing = await selectActive(handle, configurationId, [batch.type])
    if (existing.length > 0) continue
    await createBatch(handle, configurationId, batch)
    made.push(batch)
  }
  return counted(made)
}

async function plan(handle: Handle, configurationId: number): Promise<PlannedBatch[]> {
  const items = await selectItems(handle, configurationId)
  if (!items) throw new ConfigurationNotFoundError(configurationId)
  return planBatches(items)
}

const counted = (batches: readonly PlannedBatch[]): Made => ({
  batches: batches.length,
  jobs: batches.reduce((sum, batch) => sum + batch.items.length, 0),
})

async function createBatch(handle: Handle, configurationId: number, batch: PlannedBatch) {
  const { rows } = await handle.query(
    'INSERT INTO irp_batch (configuration_id, batch_type) VALUES ($1, $2) RETURNING id',
    [configurationId, batch.type],
  )
  const batch_id = Number(rows[0]?.id)
  const jobs = batch.items.map((item, index) => ({ batch_id, item_number: index + 1, item }))
  await insertJobs(handle, jobs)
}
