import type { Handle } from 'onceover'
import { z } from 'zod'
import { BATCH_STATUSES, type Batch } from './batch.ts'
import { type ConfigurationItems, configurationItems, type Item } from './configuration.ts'

/** A job to be inserted: the item at `item_number` (from 1) of a batch. */
export interface NewJob {
  readonly batch_id: number
  readonly item_number: number
  readonly item: Item
}

/** Inserts a configuration and gives its id. */
export async function insertConfiguration(
  handle: Handle,
  name: string,
  items: ConfigurationItems,
): Promise<number> {
  const { rows } = await handle.query(
    'INSERT INTO irp_configuration (name, items) VALUES ($1, $2::jsonb) RETURNING id',
    [name, JSON.stringify(items)],
  )
  return Number(rows[0]?.id)
}

/** The items of a configuration; undefined where there is none of this id. */
export async function selectItems(
  handle: Handle,
  configurationId: number,
): Promise<ConfigurationItems | undefined> {
  const { rows } = await handle.query('SELECT items FROM irp_configuration WHERE id = $1', [
    configurationId,
  ])
  return rows[0] && configurationItems.parse(rows[0].items)
}

/** Inserts jobs, all in one statement. */
export async function insertJobs(handle: Handle, jobs: readonly NewJob[]): Promise<void> {
  await handle.query(
    `INSERT INTO irp_job (batch_id, item_number, item)
     SELECT batch_id, item_number, item
     FROM jsonb_to_recordset($1::jsonb) AS job(batch_id int, item_number int, item jsonb)`,
    [JSON.stringify(jobs)],
  )
}

const SELECT_BATCH = `
  SELECT b.id, b.configuration_id, b.batch_type, b.status, b.copy_number, b.created_by,
         b.created_ts, (SELECT count(*)::int FROM irp_job j WHERE j.batch_id = b.id) AS jobs
  FROM irp_batch b`

const batchRow = z.object({
  id: z.number(),
  configuration_id: z.number(),
  batch_type: z.string(),
  status: z.enum(BATCH_STATUSES),
  copy_number: z.number(),
  created_by: z.string(),
  created_ts: z.date(),
  jobs: z.number(),
})

function toBatch(row: unknown): Batch {
  const { configuration_id, batch_type, copy_number, created_by, created_ts, ...same } =
    batchRow.parse(row)
  return {
    ...same,
    configurationId: configuration_id,
    type: batch_type,
    copyNumber: copy_number,
    createdBy: created_by,
    created: created_ts,
  }
}

/** The unfinished batches of a configuration, of all or some types, newest first. */
export async function selectActive(
  handle: Handle,
  configurationId: number,
  types?: readonly string[],
): Promise<Batch[]> {
  const { rows } = await handle.query(
    `${SELECT_BATCH}
     WHERE b.configuration_id = $1 AND b.status IN ('INITIATED', 'ACTIVE')
       AND ($2::text[] IS NULL OR b.batch_type = ANY ($2))
     ORDER BY b.created_ts DESC, b.id DESC`,
    [configurationId, types ?? null],
  )
  return rows.map(toBatch)
}

/**
 * The batches that stood in the way of new ones: those of `ids`, which one attempt met, and any
 * other unfinished one of the same types (the copies beside it). Newest first.
 */
export async function selectInTheWay(
  handle: Handle,
  configurationId: number,
  types: readonly string[],
  ids: readonly number[],
): Promise<Batch[]> {
  const { rows } = await handle.query(
    `${SELECT_BATCH}
     WHERE b.id = ANY ($3::int[])
        OR (b.configuration_id = $1 AND b.status IN ('INITIATED', 'ACTIVE')
            AND b.batch_type = ANY ($2))
     ORDER BY b.created_ts DESC, b.id DESC`,
    [configurationId, types, ids],
  )
  return rows.map(toBatch)
}

/**
 * Cancels a batch that is not finished and tells whether it did. The row's lock makes one decision
 * of two: a second cancel, or whoever completes the batch, waits and sees what was decided.
 */
export async function cancelUnfinishedBatch(
  handle: Handle,
  batchId: number,
  reason: string,
  actor: string,
): Promise<boolean> {
  const { rowCount } = await handle.query(
    `UPDATE irp_batch
     SET status = 'CANCELLED', cancel_reason = $2, cancelled_by = $3,
         completed_ts = now(), updated_ts = now()
     WHERE id = $1 AND status IN ('INITIATED', 'ACTIVE')`,
    [batchId, reason, actor],
  )
  return rowCount === 1
}

/** Whether a batch of this id exists. */
export async function batchExists(handle: Handle, batchId: number): Promise<boolean> {
  const { rows } = await handle.query('SELECT 1 FROM irp_batch WHERE id = $1', [batchId])
  return rows.length === 1
}

/**
 * Cancels the unfinished jobs of a batch. A job that the external API has is only asked to be
 * cancelled: what becomes of it is the API's answer. One already being cancelled stays as it is.
 */
export async function cancelUnfinishedJobs(handle: Handle, batchId: number): Promise<void> {
  await handle.query(
    `UPDATE irp_job
     SET status = CASE status
           WHEN 'INITIATED' THEN 'CANCELLED'::irp_job_status
           ELSE 'CANCEL_REQUESTED'
         END,
         updated_ts = now()
     WHERE batch_id = $1
       AND status IN ('INITIATED', 'SUBMITTED', 'PENDING', 'QUEUED', 'RUNNING')`,
    [batchId],
  )
}

/** How many batches some configurations have, finished or not, and how many jobs these have. */
export interface Made {
  readonly batches: number
  readonly jobs: number
}

/** Counts the batches and jobs of configurations. */
export async function countMade(
  handle: Handle,
  configurationIds: readonly number[],
): Promise<Made> {
  const { rows } = await handle.query(
    `SELECT count(DISTINCT b.id)::int AS batches, count(j.id)::int AS jobs
     FROM irp_batch b LEFT JOIN irp_job j ON j.batch_id = b.id
     WHERE b.configuration_id = ANY ($1::int[])`,
    [configurationIds],
  )
  return { batches: Number(rows[0]?.batches), jobs: Number(rows[0]?.jobs) }
}
