import { createHash } from 'node:crypto'
import { type Claim, generator, type Handle, sql } from 'onceover'
import { z } from 'zod'
import { deleteReports, insertBatch, insertReports, putBatch, type TypedReport } from './batches.ts'
import { readFingerprints } from './fingerprints.ts'
import { gathered } from './gather.ts'
import { reportBatches } from './guards.ts'
import { type Metrics, readMetrics } from './metrics.ts'
import { isTimeZone, type Period, startsBetween, type Window, window, windowOn } from './period.ts'
import type { Asked } from './stretches.ts'
import { activeZones } from './students.ts'
import { REPORT_TYPES, type ReportRequest, type ReportWriter, report } from './writer.ts'

/**
 * The students and period of a run: every active student whose calendar is among the windows, or
 * all of them for each period that begins on one of the days.
 */
export type ReportRange = StudentWindows | ReportDays

/** Windows, one for each time zone. */
type StudentWindows = { readonly period: Period; readonly windows: readonly Window[] }

/** Local dates, both included. */
type ReportDays = { readonly period: Period; readonly from: string; readonly to: string }

/** What `make` hands to `save`. */
export interface Made {
  readonly metrics: Metrics
  readonly reports: readonly TypedReport[]
}

/** A batch that existed before, with the status that it had. */
export const existingBatch = z.object({ id: z.string(), status: z.string() })

/** What is kept of a batch that was saved, beside its verdict. */
export const saved = z.object({
  batch: z.string(),
  /** The batch that was there before: its data had changed, or a crash had left it unfinished. */
  existing: existingBatch.nullable(),
  reports: z.int(),
  /** How many reports went to make room for the new ones. */
  oldReports: z.int(),
})

/** What is kept of a batch that was saved, beside its verdict. */
export type Saved = z.infer<typeof saved>

interface Unit {
  readonly key: { readonly user_id: string; readonly period: Period; readonly start_date: string }
  readonly input: Window
}

const askedOf = ({ key, input }: Unit): Asked => ({ ...input, userId: key.user_id })

/**
 * Makes report batches: the metrics of the students that are made at once are read in one
 * statement; the eight reports are written outside any transaction, each once for the same data
 * also where an attempt died in the middle; batch and reports change in one transaction.
 */
export function reportGenerator(pool: Handle, writer: ReportWriter) {
  const metricsOf = gathered((asked: readonly Asked[]) => readMetrics(pool, asked))
  return generator(reportBatches, {
    input: window,
    expected: (range: ReportRange) =>
      'windows' in range ? activeStudents(range) : begunOn(pool, range),
    range: ({ from, to }): ReportRange => ({ period: 'weekly', from, to }),
    fingerprint: async (units, db) => {
      const hashes = await readFingerprints(db, units.map(askedOf))
      return hashes.map((hash) => hash && `${writer.version} ${hash}`)
    },
    make: async (unit, claim): Promise<Made> => {
      // After the fingerprint, so that what is made is never older than what it stands for.
      const metrics = await metricsOf(askedOf(unit))
      if (!metrics) throw new Error(`There is no student ${unit.key.user_id}.`)
      const about = { period: unit.key.period, window: unit.input, metrics }
      return { metrics, reports: await writeReports(writer, about, claim) }
    },
    save: async (tx, { unit, made, claim }): Promise<Saved> => {
      const content = {
        userId: unit.key.user_id,
        period: unit.key.period,
        window: unit.input,
        metrics: made.metrics,
        metadata: { writer: writer.version, run: claim.run, timeZone: unit.input.timeZone },
      }
      const existing = claim.existing ? existingBatch.parse(claim.existing) : null
      const batch = existing?.id ?? (await insertBatch(tx, 'completed', content))
      if (existing) await putBatch(tx, batch, 'completed', content)
      const oldReports = existing ? await deleteReports(tx, batch) : 0
      await insertReports(tx, batch, made.reports)
      return { batch, existing, reports: made.reports.length, oldReports }
    },
    timeout: '10m',
    attempts: 3,
    backoff: '10s',
  })
}

/** The generator of one system. */
export type ReportGenerator = ReturnType<typeof reportGenerator>

/** Every active student whose calendar has a window, with the window as the input. */
const activeStudents = ({ period, windows }: StudentWindows) => sql`
  SELECT users.id AS user_id, ${period}::text AS period,
         (item.input ->> 'startDate')::date AS start_date, item.input
  FROM jsonb_array_elements(${JSON.stringify(windows)}::jsonb) AS item (input)
  JOIN users ON users.time_zone = item.input ->> 'timeZone'
  WHERE users.active AND users.enrolled_on <= (item.input ->> 'endDate')::date
  ORDER BY users.id`

/** Every active student for each period that begins on these days and has begun by now. */
async function* begunOn(pool: Handle, { period, from, to }: ReportDays): AsyncGenerator<Unit> {
  const zones = (await activeZones(pool)).map(({ timeZone }) => timeZone).filter(isTimeZone)
  for (const start of startsBetween(period, from, to)) {
    const windows = zones
      .map((zone) => windowOn(period, zone, start))
      // On a Monday it is still Sunday where the day begins last.
      .filter(({ startsAt }) => Date.parse(startsAt) <= Date.now())
    const { text, values } = activeStudents({ period, windows })
    const { rows } = await pool.query(text, [...values])
    for (const { user_id, input } of rows) {
      yield {
        key: { user_id: String(user_id), period, start_date: start },
        input: window.parse(input),
      }
    }
  }
}

/**
 * The eight reports, all asked for at once. Each is a step of the claim, so that a later attempt
 * pays for none that was written already; the step's name carries the data, so that no report of
 * older data is taken for one of the data at hand.
 */
async function writeReports(
  writer: ReportWriter,
  about: Omit<ReportRequest, 'type'>,
  claim: Claim,
): Promise<TypedReport[]> {
  const data = createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 16)
  const written = await Promise.allSettled(
    REPORT_TYPES.map(async (type) => {
      const answer = await claim.step(
        `${type} ${data}`,
        (options) => writer.write({ type, ...about }, options),
        // A report that was lost may be written again: that costs money, and does no harm.
        { ask: async (options) => writer.find?.(options) },
      )
      return { type, ...report.parse(answer) }
    }),
  )
  // Only when all have ended: a report that was written while another failed is kept.
  return written.map((each) => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })
}
