import { z } from 'zod'
import type { Metrics } from './metrics.ts'
import type { Period, Window } from './period.ts'

/** The eight reports of a batch, in the order in which parents read them. */
export const REPORT_TYPES = [
  'executive_summary',
  'academic_performance',
  'learning_behavior',
  'motivation_emotional',
  'progress_trajectory',
  'social_learning',
  'risk_opportunity',
  'action_plan',
] as const

/** One of the eight. */
export type ReportType = (typeof REPORT_TYPES)[number]

/** What a report says: sentences for parents, and the numbers of a chart. */
export const report = z.object({
  narrative: z.string().min(1),
  insights: z.array(z.string().min(1)).min(1),
  recommendations: z.array(z.string().min(1)).min(1),
  chart: z.object({
    kind: z.enum(['bar', 'line']),
    labels: z.array(z.string()),
    /** One value per label. */
    series: z.array(z.object({ name: z.string(), values: z.array(z.number()) })),
  }),
})

/** What a report says: sentences for parents, and the numbers of a chart. */
export type Report = z.infer<typeof report>

/** A report that is to be written. */
export interface ReportRequest {
  readonly type: ReportType
  readonly period: Period
  readonly window: Window
  readonly metrics: Metrics
}

/** What goes with a request for a writer that is a paid service. */
export interface WriteOptions {
  /** The same for the same report of the same data, however often it is asked for. */
  readonly idempotencyKey: string
  /** Aborted where the report is not wanted any more. */
  readonly signal: AbortSignal
}

/** Writes reports: the slow and costly part; a language model in production. */
export interface ReportWriter {
  /** Another version writes other reports of the same data: with it all reports become new. */
  readonly version: string
  /** Writes one report. What it throws fails the attempt; a later one asks again. */
  write(request: ReportRequest, options: WriteOptions): Promise<Report>
  /** Gives the report that was written under a key, where the answer was lost on its way. */
  find?(options: WriteOptions): Promise<Report | undefined>
}

/** What a batch says of itself in one line. */
export function summaryLine(period: Period, metrics: Metrics): string {
  const { name, questions, accuracy, grade, studyMinutes } = metrics
  const span = period === 'weekly' ? 'this week' : 'this month'
  const studied = `${studyMinutes} minutes of study`
  return grade === null
    ? `${name}: no questions ${span}, ${studied}.`
    : `${name}: grade ${grade}, ${accuracy} % of ${questions} questions ${span}, ${studied}.`
}
