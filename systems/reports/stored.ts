import type { Handle } from 'onceover'
import { z } from 'zod'
import type { TypedReport } from './batches.ts'
import { PERIODS, type Period } from './period.ts'
import { REPORT_TYPES, report } from './writer.ts'

const batchRow = z.object({
  id: z.string(),
  userId: z.string(),
  period: z.enum(PERIODS),
  startDate: z.string(),
  endDate: z.string(),
  status: z.string(),
  grade: z.string().nullable(),
  accuracy: z.number().nullable(),
  questions: z.int(),
  studyMinutes: z.int(),
  streak: z.int(),
  accuracyTrend: z.number().nullable(),
  questionTrend: z.int(),
  minutesTrend: z.int(),
  summary: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  generatedAt: z.string(),
  /** How many reports it has. */
  reports: z.int(),
})

/** A batch as people are told about it. */
export type Batch = z.infer<typeof batchRow>

/** A batch as one JSON value, with the number of its reports. */
const BATCH_JSON = `jsonb_build_object(
  'id', batch.id, 'userId', batch.user_id, 'period', batch.period,
  'startDate', batch.start_date, 'endDate', batch.end_date, 'status', batch.status,
  'grade', batch.overall_grade, 'accuracy', batch.overall_accuracy,
  'questions', batch.question_count, 'studyMinutes', batch.study_minutes,
  'streak', batch.study_streak, 'accuracyTrend', batch.accuracy_trend,
  'questionTrend', batch.question_trend, 'minutesTrend', batch.minutes_trend,
  'summary', batch.one_line_summary, 'metadata', batch.metadata,
  'generatedAt', batch.generated_at,
  'reports', (SELECT count(*) FROM passive_reports WHERE batch_id = batch.id))`

/** Which batches to list, newest first. */
export interface BatchFilter {
  readonly userId?: string | undefined
  readonly period?: Period | undefined
  readonly limit: number
}

/** Lists batches by their first day, newest first. */
export async function listBatches(
  handle: Handle,
  { userId, period, limit }: BatchFilter,
): Promise<Batch[]> {
  const { rows } = await handle.query(
    `SELECT ${BATCH_JSON} AS batch FROM parent_report_batches AS batch
     WHERE ($1::uuid IS NULL OR user_id = $1) AND ($2::text IS NULL OR period = $2)
     ORDER BY start_date DESC, generated_at DESC, id LIMIT $3`,
    [userId ?? null, period ?? null, limit],
  )
  return rows.map((row) => batchRow.parse(row.batch))
}

const storedReport = report.extend({ type: z.enum(REPORT_TYPES) })

/**
 * A batch with its reports, in the order of REPORT_TYPES; undefined where there is none of this id.
 * It is one statement and so sees one moment: the old eight or the new eight.
 */
export async function readBatch(
  handle: Handle,
  id: string,
): Promise<{ readonly batch: Batch; readonly reports: readonly TypedReport[] } | undefined> {
  const { rows } = await handle.query(
    `SELECT ${BATCH_JSON} AS batch,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('type', report_type,
               'narrative', narrative, 'insights', insights, 'recommendations', recommendations,
               'chart', chart_data) ORDER BY array_position($2::text[], report_type)), '[]')
             FROM passive_reports WHERE batch_id = batch.id) AS reports
     FROM parent_report_batches AS batch WHERE id = $1`,
    [id, [...REPORT_TYPES]],
  )
  if (!rows[0]) return undefined
  return {
    batch: batchRow.parse(rows[0].batch),
    reports: z.array(storedReport).parse(rows[0].reports),
  }
}

/** How many batches and reports there are, and how many batches have other than eight. */
export interface BatchCounts {
  readonly batches: number
  readonly reports: number
  readonly incomplete: number
  /** The fewest reports that a batch has; null where there is no batch. */
  readonly fewest: number | null
}

/** Counts batches and reports, in one statement and so at one moment. */
export async function countBatches(handle: Handle): Promise<BatchCounts> {
  const { rows } = await handle.query(
    `SELECT count(*)::int AS batches, coalesce(sum(reports), 0)::int AS reports,
            (count(*) FILTER (WHERE reports <> 8))::int AS incomplete, min(reports)::int AS fewest
     FROM (SELECT batch.id, count(report.id) AS reports
           FROM parent_report_batches AS batch
           LEFT JOIN passive_reports AS report ON report.batch_id = batch.id
           GROUP BY batch.id) AS each`,
  )
  const [counted] = rows
  return {
    batches: Number(counted?.batches),
    reports: Number(counted?.reports),
    incomplete: Number(counted?.incomplete),
    fewest: counted?.fewest == null ? null : Number(counted.fewest),
  }
}
