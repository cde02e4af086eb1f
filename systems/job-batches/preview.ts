import type { Handle } from 'onceover'
import type { Batch } from './batch.ts'
import { type BatchType, type PlannedBatch, planBatches } from './configuration.ts'
import { ConfigurationNotFoundError } from './errors.ts'
import { jobBatches } from './guards.ts'
import { selectActive, selectItems } from './queries.ts'
import type { Workflow } from './workflow.ts'

/** Which batches are meant: those of a configuration, of every type or of these. */
export interface BatchesOf {
  readonly configurationId: number
  readonly types?: readonly BatchType[] | undefined
}

/** What would happen now: nothing is written to find out. */
export interface BatchPreview {
  readonly configurationId: number
  /** Per batch that the configuration asks for: how many jobs, and whether one exists already. */
  readonly planned: readonly {
    readonly type: BatchType
    readonly jobs: number
    readonly exists: boolean
  }[]
  /** The unfinished batches of these types, newest first. */
  readonly existing: readonly Batch[]
}

/**
 * The batches that a configuration asks for.
 *
 * @throws ConfigurationNotFoundError
 */
export async function planOf(
  handle: Handle,
  { configurationId, types }: BatchesOf,
): Promise<PlannedBatch[]> {
  const items = await selectItems(handle, configurationId)
  if (!items) throw new ConfigurationNotFoundError(configurationId)
  return planBatches(items, types)
}

/**
 * What creating would do: the batches that would be made and those that exist.
 *
 * @throws ConfigurationNotFoundError
 */
export async function previewBatches(
  { once, pool }: Workflow,
  wanted: BatchesOf,
): Promise<BatchPreview> {
  const { configurationId } = wanted
  const planned = await planOf(pool, wanted)
  const rows = planned.map(({ type }) => ({ configuration_id: configurationId, batch_type: type }))
  const { verdicts } = await once.preview(jobBatches, rows)
  const types = planned.map(({ type }) => type)
  return {
    configurationId,
    planned: planned.map(({ type, items }, index) => ({
      type,
      jobs: items.length,
      exists: verdicts[index]?.verdict === 'skipped',
    })),
    existing: await selectActive(pool, configurationId, types),
  }
}

/** The unfinished batches of a configuration, newest first; with `types`, only those. */
export function listActive(
  { pool }: Pick<Workflow, 'pool'>,
  { configurationId, types }: BatchesOf,
): Promise<Batch[]> {
  return selectActive(pool, configurationId, types)
}
