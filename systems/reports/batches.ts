import type { Handle } from 'onceover'
import type { Metrics } from './metrics.ts'
import type { Period, Window } from './period.ts'
import { type Report, type ReportType, summaryLine } from './writer.ts'

/** Whose batch, and of which period. */
export interface BatchKey {
  readonly userId: string
  readonly period: Period
  readonly window: Window
}

/** What a batch is made of, apart from its reports. */
export interface BatchContent extends BatchKey {
  readonly metrics: Metrics
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A report with its place among the eight. */
export type TypedReport = Report & { readonly type: ReportType }

/** The columns of a batch; $1 to $16 are what `batchValues` gives, the id first. */
const BATCH_VALUES = `
  (id, user_id, period, start_date, end_date, status, overall_grade, overall_accuracy,
   question_count, study_minutes, study_streak, accuracy_trend, question_trend, minutes_trend,
   one_line_summary, metadata, generated_at)
  VALUES (coalesce($1::uuid, gen_random_uuid()), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
          $13, $14, $15, $16::jsonb, clock_timestamp())`

/** Inserts a batch. A fresh id never conflicts: 23505 is about the student, period and date. */
const INSERT_BATCH = `INSERT INTO parent_report_batches ${BATCH_VALUES} RETURNING id`

/**
 * Inserts a batch, or gives new content to the one of this id. No row comes back where the row of
 * this id is another student's or period's by now.
 */
const PUT_BATCH = `
  INSERT INTO parent_report_batches AS batch ${BATCH_VALUES}
  ON CONFLICT (id) DO UPDATE SET
    end_date = excluded.end_date, status = excluded.status,
    overall_grade = excluded.overall_grade, overall_accuracy = excluded.overall_accuracy,
    question_count = excluded.question_count, study_minutes = excluded.study_minutes,
    study_streak = excluded.study_streak, accuracy_trend = excluded.accuracy_trend,
    question_trend = excluded.question_trend, minutes_trend = excluded.minutes_trend,
    one_line_summary = excluded.one_line_summary, metadata = excluded.metadata,
    generated_at = excluded.generated_at
  WHERE (batch.user_id, batch.period, batch.start_date)
      = (excluded.user_id, excluded.period, excluded.start_date)
  RETURNING id`

function batchValues(id: string | null, status: string, content: BatchContent): unknown[] {
  const { userId, period, window, metrics, metadata } = content
  return [
    ...[id, userId, period, window.startDate, window.endDate, status],
    ...[metrics.grade, metrics.accuracy, metrics.questions, metrics.studyMinutes, metrics.streak],
    ...[metrics.accuracyTrend, metrics.questionTrend, metrics.minutesTrend],
    ...[summaryLine(period, metrics), JSON.stringify(metadata)],
  ]
}

/** Inserts a batch and gives its id. Raises 23505 where the student has one of this period. */
export async function insertBatch(
  handle: Handle,
  status: string,
  content: BatchContent,
): Promise<string> {
  const { rows } = await handle.query(INSERT_BATCH, batchValues(null, status, content))
  return String(rows[0]?.id)
}

/**
 * Gives a batch its new content and keeps its id; makes it anew, with that id, where it has been
 * deleted meanwhile.
 *
 * @throws Error where the id stands for another student or period by now
 */
export async function putBatch(
  handle: Handle,
  id: string,
  status: string,
  content: BatchContent,
): Promise<void> {
  const { rows } = await handle.query(PUT_BATCH, batchValues(id, status, content))
  if (rows.length === 0) throw new Error(`Batch ${id} is not of this student and period any more.`)
}

/** Deletes the reports of a batch and tells how many there were. */
export async function deleteReports(handle: Handle, batchId: string): Promise<number> {
  const { rowCount } = await handle.query('DELETE FROM passive_reports WHERE batch_id = $1', [
    batchId,
  ])
  return rowCount ?? 0
}

/** Inserts reports of a batch, all in one statement. */
export async function insertReports(
  handle: Handle,
  batchId: string,
  reports: readonly TypedReport[],
): Promise<void> {
  await handle.query(
    `INSERT INTO passive_reports
       (batch_id, report_type, narrative, insights, recommendations, chart_data, generated_at)
     SELECT $1, type, narrative, insights, recommendations, chart, clock_timestamp()
     FROM jsonb_to_recordset($2::jsonb) AS item
       (type text, narrative text, insights jsonb, recommendations jsonb, chart jsonb)`,
    [batchId, JSON.stringify(reports)],
  )
}
