import type { Handle, Onceover, Verdict } from 'onceover'
import {
  type Blueprint,
  datesIn,
  holdActiveBlueprints,
  holdBlueprint,
  upcoming,
  wantedSession,
} from './blueprints.ts'
import { statusesOf } from './conflicts.ts'
import { sessions } from './guards.ts'
import type { Clock, DateRange, Occurrence } from './recurrence.ts'

/** What became of one date of one series. */
export interface DateVerdict {
  readonly series: string
  /** Local date on the branch's calendar. */
  readonly date: string
  readonly clock: Clock
  /** Onceover's verdict, or `nonexistent` where the branch's clocks skip that time. */
  readonly verdict: string
  /** The session that was made, or the one that stood already. */
  readonly session: string | null
  readonly reason: string | null
}

/** What became of a request to generate. */
export interface Generated {
  /** The events of this run can be asked for by it; null where audit goes to the logger only. */
  readonly run: string | null
  readonly created: number
  readonly skipped: number
  readonly dates: readonly DateVerdict[]
}

/** Why nothing was generated. */
export type Refused = { readonly refused: 'unknown' | 'not-active' }

/** How far ahead to generate, and from which instant. */
export interface Horizon {
  /** ISO instant; each branch has its own date at it. */
  readonly now: string
  /** Days after that date, the last one included. */
  readonly days: number
}

/** Who asked, for the audit. */
export interface Asker {
  readonly actor?: string
  readonly reason?: string
}

/** Two transactions that lock several rows can meet in opposite order; one of them runs again. */
export const TRANSACTION_RETRIES = 3

interface Wish {
  readonly blueprint: Blueprint
  readonly occurrence: Occurrence
}

/**
 * One hourly run: the sessions of all ACTIVE series over a horizon, in one set-based insert.
 * Harmless however often and however many at once: what stands is skipped.
 */
export function advanceAll(once: Onceover, ahead: Horizon, asker: Asker = {}): Promise<Generated> {
  const work = async (tx: Handle): Promise<Generated> => {
    const blueprints = await holdActiveBlueprints(tx)
    return fulfil(once, tx, wishesAhead(blueprints, ahead), asker)
  }
  return once.transaction(work, { retries: TRANSACTION_RETRIES })
}

/** The sessions of one series over a horizon, unless it is unknown or not ACTIVE. */
export function advance(
  once: Onceover,
  series: string,
  ahead: Horizon,
  asker: Asker = {},
): Promise<Generated | Refused> {
  return forSeries(once, series, asker, (blueprint) => upcoming(blueprint, ahead.now, ahead.days))
}

/** The sessions of one series in a range of local dates, likewise. */
export function extend(
  once: Onceover,
  series: string,
  range: DateRange,
  asker: Asker = {},
): Promise<Generated | Refused> {
  return forSeries(once, series, asker, (blueprint) => datesIn(blueprint, range))
}

function forSeries(
  once: Onceover,
  series: string,
  asker: Asker,
  datesOf: (blueprint: Blueprint) => Occurrence[],
): Promise<Generated | Refused> {
  const work = async (tx: Handle): Promise<Generated | Refused> => {
    const blueprint = await holdBlueprint(tx, series)
    if (blueprint === undefined) return { refused: 'unknown' }
    if (blueprint.status !== 'ACTIVE') return { refused: 'not-active' }
    const wishes = datesOf(blueprint).map((occurrence) => ({ blueprint, occurrence }))
    return fulfil(once, tx, wishes, asker)
  }
  return once.transaction(work, { retries: TRANSACTION_RETRIES })
}

const wishesAhead = (blueprints: readonly Blueprint[], { now, days }: Horizon): Wish[] =>
  blueprints.flatMap((blueprint) =>
    upcoming(blueprint, now, days).map((occurrence) => ({ blueprint, occurrence })),
  )

/** One insert for all wishes; the dates whose local time never comes are told, not made. */
async function fulfil(
  once: Onceover,
  tx: Handle,
  wishes: readonly Wish[],
  asker: Asker,
): Promise<Generated> {
  const real = wishes.filter(({ occurrence }) => occurrence.clock !== 'never')
  const wanted = real.map(({ blueprint, occurrence }) => wantedSession(blueprint, occurrence.date))
  const statuses = await statusesOf(tx, wanted)
  const rows = wanted.map((session, place) => ({ ...session, status: statuses[place] }))
  const { run, totals, verdicts } = await once.insert(sessions, rows, { handle: tx, ...asker })
  const answers = new Map(real.map((wish, place) => [wish, verdicts[place]]))
  return {
    run: run ?? null,
    created: totals.created,
    skipped: totals.skipped,
    dates: wishes.map((wish) => tell(wish, answers.get(wish))),
  }
}

function tell({ blueprint, occurrence }: Wish, answer: Verdict | undefined): DateVerdict {
  return {
    series: blueprint.id,
    date: occurrence.date,
    clock: occurrence.clock,
    verdict: answer?.verdict ?? 'nonexistent',
    session: idOf(answer?.row ?? answer?.existing),
    reason: answer?.reason ?? null,
  }
}

const idOf = (row: Readonly<Record<string, unknown>> | undefined): string | null =>
  row === undefined ? null : String(row.id)
