import { type Handle, type Sql, sql } from 'onceover'
import { z } from 'zod'
import { type Accepted, type Submission, submission } from './submission-api.ts'

/** Whose jobs are meant; every field narrows. */
export interface SubmissionRange {
  readonly batchIds?: readonly number[]
  /** The days on which the batches were created, 'YYYY-MM-DD', both included. */
  readonly from?: string
  readonly to?: string
}

/**
 * The jobs of unfinished batches that the API does not have, in order: `job_id`, and beside it what
 * the API is told.
 */
export const waitingJobs = ({ batchIds, from, to }: SubmissionRange): Sql => sql`
  SELECT j.id AS job_id, 'job-' || j.id AS reference, b.batch_type AS type, j.item
  FROM irp_job j JOIN irp_batch b ON b.id = j.batch_id
  WHERE (${batchIds ?? null}::int[] IS NULL OR b.id = ANY (${batchIds ?? null}))
    AND b.created_ts::date BETWEEN coalesce(${from ?? null}::date, '-infinity')
                               AND coalesce(${to ?? null}::date, 'infinity')
    AND b.status IN ('INITIATED', 'ACTIVE') AND j.status = 'INITIATED'
  ORDER BY b.id, j.item_number`

/** A job that can be submitted. */
export interface WaitingJob {
  readonly jobId: number
  readonly submission: Submission
}

const jobToSubmit = submission.extend({ job_id: z.int() })

/** The rows of `waitingJobs`. */
export async function selectWaitingJobs(
  handle: Handle,
  batchIds: readonly number[],
): Promise<WaitingJob[]> {
  const { text, values } = waitingJobs({ batchIds })
  const { rows } = await handle.query(text, [...values])
  return rows.map(toJob)
}

/** A job in whatever status, as it would be submitted; undefined where there is none of this id. */
export async function selectJob(handle: Handle, jobId: number): Promise<WaitingJob | undefined> {
  const { rows } = await handle.query(
    `SELECT j.id AS job_id, 'job-' || j.id AS reference, b.batch_type AS type, j.item
     FROM irp_job j JOIN irp_batch b ON b.id = j.batch_id WHERE j.id = $1`,
    [jobId],
  )
  return rows[0] && toJob(rows[0])
}

function toJob(row: unknown): WaitingJob {
  const { job_id, ...told } = jobToSubmit.parse(row)
  return { jobId: job_id, submission: told }
}

/** The status of a job; undefined where there is none of this id. */
export async function selectJobStatus(handle: Handle, jobId: number): Promise<string | undefined> {
  const { rows } = await handle.query('SELECT status::text FROM irp_job WHERE id = $1', [jobId])
  return rows[0] && String(rows[0].status)
}

/**
 * Writes down that the API has a job. One that was cancelled while the call was under way is with
 * the API all the same: it becomes CANCEL_REQUESTED, as if the cancel had come a moment later.
 */
export async function recordSubmission(
  handle: Handle,
  jobId: number,
  { externalId }: Accepted,
): Promise<void> {
  await handle.query(
    `UPDATE irp_job
     SET status = CASE status
           WHEN 'INITIATED' THEN 'SUBMITTED'::irp_job_status
           ELSE 'CANCEL_REQUESTED'
         END,
         updated_ts = now()
     WHERE id = $1 AND status IN ('INITIATED', 'CANCELLED')`,
    [jobId],
  )
  await handle.query('INSERT INTO irp_submission (job_id, external_id) VALUES ($1, $2)', [
    jobId,
    externalId,
  ])
}

/** Marks batches as being worked on: their jobs are being submitted. */
export async function activateBatches(handle: Handle, batchIds: readonly number[]): Promise<void> {
  await handle.query(
    `UPDATE irp_batch SET status = 'ACTIVE', updated_ts = now()
     WHERE id IN (SELECT id FROM irp_batch WHERE id = ANY ($1::int[]) AND status = 'INITIATED'
                  ORDER BY id FOR NO KEY UPDATE)`,
    [batchIds],
  )
}

/** The status of each of some batches; one that does not exist is missing. */
export async function selectBatchStatuses(
  handle: Handle,
  batchIds: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const { rows } = await handle.query(
    'SELECT id, status::text FROM irp_batch WHERE id = ANY ($1::int[])',
    [batchIds],
  )
  return new Map(rows.map(({ id, status }) => [Number(id), String(status)]))
}

/** A job of a batch, and what the API calls it where it has it. */
export interface JobSubmission {
  readonly jobId: number
  readonly itemNumber: number
  readonly status: string
  readonly externalId: string | null
  readonly submitted: Date | null
}

const jobRow = z.object({
  jobId: z.int(),
  itemNumber: z.int(),
  status: z.string(),
  externalId: z.string().nullable(),
  submitted: z.date().nullable(),
})

/** The jobs of a batch with their submissions, in order. */
export async function selectSubmissions(handle: Handle, batchId: number): Promise<JobSubmission[]> {
  const { rows } = await handle.query(
    `SELECT j.id AS "jobId", j.item_number AS "itemNumber", j.status::text,
            s.external_id AS "externalId", s.submitted_ts AS submitted
     FROM irp_job j LEFT JOIN irp_submission s ON s.job_id = j.id
     WHERE j.batch_id = $1
     ORDER BY j.item_number`,
    [batchId],
  )
  return rows.map((row) => jobRow.parse(row))
}

/** The batches of configurations, finished or not, in order of creation. */
export async function selectBatchIds(
  handle: Handle,
  configurationIds: readonly number[],
): Promise<number[]> {
  const { rows } = await handle.query(
    'SELECT id FROM irp_batch WHERE configuration_id = ANY ($1::int[]) ORDER BY id',
    [configurationIds],
  )
  return rows.map(({ id }) => Number(id))
}

/** From now on the database refuses to move any job on, as with a full disk. */
export async function refuseRecords(handle: Handle): Promise<void> {
  await handle.query(
    "ALTER TABLE irp_job ADD CONSTRAINT disk_is_full CHECK (status = 'INITIATED') NOT VALID",
  )
}

/** The database takes records again. */
export async function mendRecords(handle: Handle): Promise<void> {
  await handle.query('ALTER TABLE irp_job DROP CONSTRAINT disk_is_full')
}
