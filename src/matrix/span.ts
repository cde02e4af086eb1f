import { OnceoverError } from '../core/error.ts'
import { refuseDate } from '../core/key-value.ts'
import type { Session } from '../postgres/session.ts'
import type { Days } from '../runs/generator.ts'
import type { Layout } from './layout.ts'
import { selectMoment } from './moment/queries.ts'

/** Which periods to show: days `YYYY-MM-DD`, or values as PostgreSQL writes them; both included. */
export interface SpanOptions {
  readonly from?: string
  readonly to?: string
}

/** The periods that are shown, and the moment of it. */
export interface Span {
  readonly from: string | null
  readonly to: string | null
  /** What `expected` is asked for. */
  readonly days: Days
  /** The database's time, in ISO form. */
  readonly at: string
}

const DEFAULT_DAYS = 28
const FRESH_DAYS = 35
const DAY_MS = 86_400_000

const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)

const later = (one: string, other: string): string => (one > other ? one : other)

const WHOLE = /^int[248]$/

function refuseBound({ daily, periodPart }: Layout, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (daily) return refuseDate(value)
  if (typeof value !== 'string') return 'it is not a text'
  if (!WHOLE.test(periodPart.base)) return undefined
  return /^-?\d{1,19}$/.test(value) ? undefined : 'it is not a whole number'
}

/** @throws OnceoverError INPUT_INVALID */
export function checkSpan(layout: Layout, options: SpanOptions): void {
  for (const name of ['from', 'to'] as const) {
    const wrong = refuseBound(layout, options[name])
    if (wrong === undefined) continue
    throw new OnceoverError('INPUT_INVALID', {
      message: `${name} is ${JSON.stringify(options[name])}: ${wrong}.`,
      fix: layout.daily
        ? "Give a day, such as '2025-10-01'."
        : `Give a value of ${layout.periodPart.name}, or leave it out.`,
    })
  }
  const { from, to } = options
  if (!layout.daily || from === undefined || to === undefined || from <= to) return
  throw new OnceoverError('INPUT_INVALID', {
    message: `The span begins at ${from}, after its end at ${to}.`,
    fix: 'Give the earlier day as from.',
  })
}

interface Moment {
  readonly at: string
  readonly today: string
  /** The day of the newest row; null where there is none, or nobody asked. */
  readonly newest: string | null
}

function defaultEnd({ today, newest }: Moment): string {
  return newest === null || newest >= daysAfter(today, -FRESH_DAYS) ? today : newest
}

/**
 * The span that is shown. Without a choice of days: the 28 up to today (UTC), or up to the newest
 * row where that is more than 35 days old. Other periods are all shown, and `expected` is then
 * asked for these days.
 */
export async function spanOf(
  session: Session,
  layout: Layout,
  { from, to }: SpanOptions,
): Promise<Span> {
  const open = layout.daily && to === undefined
  const [moment] = await session.query<Moment>(selectMoment(layout, open))
  const { at } = moment as Moment
  if (!layout.daily && (from !== undefined || to !== undefined)) {
    const days = { from: from ?? to ?? '', to: to ?? from ?? '' }
    return { from: from ?? null, to: to ?? null, days, at }
  }
  const end = to ?? later(defaultEnd(moment as Moment), from ?? '')
  const days = { from: from ?? daysAfter(end, 1 - DEFAULT_DAYS), to: end }
  return layout.daily ? { ...days, days, at } : { from: null, to: null, days, at }
}
