import { date, guard, oneOf, uuid } from 'onceover'
import { PERIODS } from './period.ts'

/**
 * One batch per student, period and first day: the constraint that the table has had all along. A
 * batch that is not `completed` says itself unfinished: a crash of the incident's code left it, and
 * the next generation adopts it, with its id.
 */
export const reportBatches = guard('report-batches', {
  table: 'parent_report_batches',
  key: { user_id: uuid(), period: oneOf(...PERIODS), start_date: date() },
  unfinished: "status <> 'completed'",
  keep: ['generated_at asc', 'id asc'],
  show: ['status', 'generated_at'],
  children: [{ table: 'passive_reports', columns: ['batch_id'] }],
  matrix: { entity: 'user_id', period: 'start_date', labels: 'SELECT id, name FROM users' },
  index: 'unique_user_period_date',
})
