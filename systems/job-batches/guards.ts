import { guard, int, text } from 'onceover'

/**
 * One unfinished batch per configuration and type. The index carries the copy number, so that an
 * allowed duplicate stands beside the original and any other duplicate is refused by the database.
 */
export const jobBatches = guard('job-batches', {
  table: 'irp_batch',
  key: { configuration_id: int(), batch_type: text() },
  where: "status IN ('INITIATED', 'ACTIVE')",
  keep: ['created_ts asc', 'id asc'],
  losers: {
    set: {
      status: 'CANCELLED',
      cancel_reason: 'duplicate of an older batch',
      cancelled_by: 'onceover repair',
    },
  },
  show: ['status', 'created_ts', 'created_by'],
  children: [{ table: 'irp_job', columns: ['batch_id'] }],
  copies: 'copy_number',
  matrix: {
    entity: 'configuration_id',
    period: 'batch_type',
    labels: 'SELECT id, name FROM irp_configuration',
  },
  index: 'idx_batch_unique_active',
})

/**
 * One submission per job: the paid call. `forever`, because what was paid stays paid: a row that is
 * deleted later must not make anyone submit the job again.
 */
export const jobSubmissions = guard('job-submissions', {
  table: 'irp_submission',
  key: { job_id: int() },
  remember: 'forever',
  show: ['external_id', 'submitted_ts'],
  index: 'irp_submission_one_per_job',
})
