import { generator, type Handle, type KeyOf, type Onceover } from 'onceover'
import { closeDay, computeDay } from './closing.ts'
import { NotCloseableError } from './errors.ts'
import { snapshots } from './guards.ts'
import { type Days, expectedSnapshots, type PortfolioDay, selectTradingDays } from './queries.ts'

/** What the functions of this system work with: Onceover to write, a pool (or client) to read. */
export interface SnapshotSystem {
  readonly once: Onceover
  readonly pool: Handle
}

const dayOf = ({ portfolio_id, snapshot_date }: KeyOf<typeof snapshots>): PortfolioDay => ({
  portfolioId: portfolio_id,
  day: snapshot_date,
})

/**
 * The end of day of a portfolio: `make` computes the P&L and changes nothing; `save` applies it to
 * the equity and writes the snapshot, or completes the placeholder that a crash left, in the one
 * transaction that completes the claim. So equity changes once per key, however often `make` runs.
 *
 * @param computed called between the two: the crash of the trials
 */
export const snapshotGenerator = (
  pool: Handle,
  computed: () => Promise<void> = async () => undefined,
) =>
  generator(snapshots, {
    expected: expectedSnapshots,
    range: ({ from, to }) => ({ from, until: to }),
    make: async ({ key }, claim) => {
      const day = dayOf(key)
      // Asked to replace: the P&L of a finished day would be applied again.
      if (claim.existing?.is_complete === true) {
        throw new NotCloseableError(`${day.day} is closed already: only a replay changes it.`)
      }
      const result = await computeDay(pool, day)
      await computed()
      return result
    },
    save: (tx, { unit, made }) => closeDay(tx, { ...dayOf(unit.key), result: made }),
    timeout: '1m',
    attempts: 5,
    backoff: '5s',
  })

/** Who closes days, and why; both are kept with the runs. */
export interface Asked {
  readonly actor: string
  readonly reason?: string | undefined
  /** Aborted: what runs is finished, and no further day is begun. */
  readonly signal?: AbortSignal | undefined
}

/** A portfolio whose day is not closed by now, and why. */
export interface Behind {
  readonly portfolioId: string
  readonly verdict: string
  readonly reason?: string
  /** Milliseconds until it is worth another run. */
  readonly retryMs?: number
}

/** What came of closing one day. */
export interface ClosedDay {
  readonly day: string
  readonly run: string
  readonly state: string
  readonly created: number
  /** Snapshots that were there already: their equity was not touched. */
  readonly skipped: number
  readonly behind: readonly Behind[]
}

const CLOSED: ReadonlySet<string> = new Set(['created', 'skipped', 'replaced'])

/**
 * Closes the trading days of a range, one after the other, in a run each. A portfolio whose day is
 * not closed (it failed, or another process is at it) is left out of the days after: whoever closes
 * that day goes on with it. A run that is stopped or cancelled ends the range.
 */
export async function closeDays(
  system: SnapshotSystem,
  days: Days,
  asked: Asked,
  dailySnapshots = snapshotGenerator(system.pool),
): Promise<ClosedDay[]> {
  const closed: ClosedDay[] = []
  const except = new Set(days.except)
  for (const day of await selectTradingDays(system.pool, days)) {
    const range: Days = { ...days, from: day, until: day, except: [...except] }
    const behind: Behind[] = []
    const { run, state, totals } = await system.once.run(dailySnapshots, range, {
      actor: asked.actor,
      ...(asked.reason !== undefined && { reason: asked.reason }),
      ...(asked.signal && { signal: asked.signal }),
      onVerdicts: (verdicts) => {
        for (const { verdict, key, reason, retryMs, heldMs } of verdicts) {
          if (CLOSED.has(verdict)) continue
          const wait = retryMs ?? heldMs
          behind.push({
            portfolioId: String(key.portfolio_id),
            verdict,
            ...(reason !== undefined && { reason }),
            ...(wait !== undefined && { retryMs: wait }),
          })
        }
      },
    })
    const { created, skipped } = totals
    closed.push({ day, run, state, created, skipped, behind })
    // Stopped or cancelled: of portfolios that no verdict named nobody knows whether they are open.
    if (state !== 'done') break
    for (const { portfolioId } of behind) except.add(portfolioId)
  }
  return closed
}
