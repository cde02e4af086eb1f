import { z } from 'zod'
import { existingBatch, saved } from './generator.ts'
import type { Period } from './period.ts'
import { REPORT_TYPES } from './writer.ts'

/** What can come of one student's reports. */
export const OUTCOMES = [
  'created',
  'replaced',
  'unchanged',
  'exists',
  'in-flight',
  'failed',
  'invalid',
  'collided',
  'cancelled',
  'unknown-student',
] as const

/** What came of one student's reports. */
export type OutcomeName = (typeof OUTCOMES)[number]

/** What came of one student's reports, and of the batch that existed. */
export interface Outcome {
  readonly userId: string
  readonly period: Period
  /** Null where the student is unknown, and with it the calendar. */
  readonly startDate: string | null
  readonly outcome: OutcomeName
  /** The batch that stands now; null where there is none, or none yet. */
  readonly batch: string | null
  /** The batch that existed before, with the status that it had. */
  readonly existing: { readonly id: string; readonly status: string } | null
  /** Reports that were made, and reports that went to make room for them. */
  readonly reports: number
  readonly oldReports: number
  /** What to know about it, in a sentence; not there where a batch was simply created. */
  readonly warning?: string
  /** How long to wait before asking again, where that helps. */
  readonly retryMs?: number
}

/** A verdict of the library, as far as it is told on. */
export interface Told {
  readonly verdict: string
  readonly key: Readonly<Record<string, unknown>>
  readonly existing?: Readonly<Record<string, unknown>> | undefined
  readonly reason?: string | undefined
  readonly result?: unknown
  readonly heldMs?: number | undefined
  readonly retryMs?: number | undefined
}

const names = z.enum(OUTCOMES)
const keyOf = z.object({
  user_id: z.string(),
  period: z.enum(['weekly', 'monthly']),
  start_date: z.string(),
})

/** A verdict of the library in the words of this system. */
export function outcomeOf(told: Told): Outcome {
  const { user_id, period, start_date } = keyOf.parse(told.key)
  const outcome = nameOf(told)
  const made = outcome === 'created' || outcome === 'replaced'
  const result = made ? saved.safeParse(told.result).data : undefined
  const existing = result?.existing ?? existingBatch.safeParse(told.existing).data ?? null
  const retryMs = told.heldMs ?? told.retryMs
  const warning = warningOf(outcome, existing, { ...told, oldReports: result?.oldReports ?? 0 })
  return {
    userId: user_id,
    period,
    startDate: start_date,
    outcome,
    batch: result?.batch ?? existing?.id ?? null,
    existing,
    reports: result?.reports ?? 0,
    oldReports: result?.oldReports ?? 0,
    ...(warning !== undefined && { warning }),
    ...(retryMs !== undefined && { retryMs }),
  }
}

const none = { startDate: null, batch: null, existing: null, reports: 0, oldReports: 0 } as const

/** What is said of an id that no student has. */
export const unknownStudent = (userId: string, period: Period): Outcome => ({
  ...{ ...none, userId, period, outcome: 'unknown-student' },
  warning: `There is no student ${userId}.`,
})

/** What is said of a student whose calendar nobody can tell. */
export const unreadableZone = (userId: string, period: Period, timeZone: string): Outcome => ({
  ...{ ...none, userId, period, outcome: 'invalid' },
  warning: `${JSON.stringify(timeZone)} is no time zone: write an IANA name, such as Asia/Tokyo.`,
})

function nameOf({ verdict, reason }: Told): OutcomeName {
  if (verdict === 'skipped') return reason === 'unchanged' ? 'unchanged' : 'exists'
  return verdict === 'in_flight' ? 'in-flight' : names.parse(verdict)
}

function warningOf(
  outcome: OutcomeName,
  existing: Outcome['existing'],
  { oldReports, reason, retryMs }: Told & { readonly oldReports: number },
): string | undefined {
  const before = existing && `Batch ${existing.id} existed (${existing.status})`
  switch (outcome) {
    case 'created':
    case 'replaced':
      return before
        ? `${before}: ${oldReports} old reports were replaced by ${REPORT_TYPES.length} new ones.`
        : undefined
    case 'unchanged':
      return `${before ?? 'A batch existed'}: its data is the same, so nothing was generated.`
    case 'exists':
      return `${before ?? 'A batch existed'} and was left alone.`
    case 'in-flight':
      return 'Another request is generating these reports.'
    case 'failed':
      // Its reason may name the database or the writer's account: it is in the claim's error.
      return retryMs === undefined
        ? 'All attempts to generate the reports failed. Nothing was changed; a retry starts anew.'
        : 'The reports could not be generated this time. Nothing was changed; ask again later.'
    default:
      return reason
  }
}

/** How many students had each outcome, and how many reports were made and went. */
export type Tally = Readonly<Record<OutcomeName | 'reports' | 'oldReports', number>>

/** Counts outcomes, to be added to: `add` counts one, `tally` is what was counted so far. */
export function tallying(): { readonly add: (outcome: Outcome) => void; readonly tally: Tally } {
  const counts = Object.fromEntries(OUTCOMES.map((name) => [name, 0])) as Record<
    OutcomeName,
    number
  >
  const tally = { ...counts, reports: 0, oldReports: 0 }
  const add = ({ outcome, reports, oldReports }: Outcome) => {
    tally[outcome]++
    tally.reports += reports
    tally.oldReports += oldReports
  }
  return { add, tally }
}
