import type { Handle } from 'onceover'
import { z } from 'zod'
import { NotCloseableError, PricesMissingError } from './errors.ts'
import { amount, type DayResult, type PortfolioDay, selectDayResult } from './queries.ts'

/** What closing a day left: the snapshot, and the equity it says. */
export type Closed = z.infer<typeof closed>
const closed = z.object({ snapshotId: z.string(), netAssetValue: amount })

/** What is to be closed: the day, and what it did. */
export interface Closing extends PortfolioDay {
  readonly result: DayResult
}

/**
 * Computes what a day did to a portfolio. Reads only.
 *
 * @throws PricesMissingError, PortfolioNotFoundError
 */
export async function computeDay(handle: Handle, day: PortfolioDay): Promise<DayResult> {
  const result = await selectDayResult(handle, day)
  if ('missingPrices' in result) throw new PricesMissingError(result.missingPrices)
  return result
}

/**
 * Applies a day's result to the portfolio's equity and writes its snapshot, in the transaction of
 * `tx`: both or neither. A placeholder that a crash left becomes the snapshot and keeps its id;
 * where a finished snapshot stands the unique index refuses a second one (23505).
 *
 * @throws NotCloseableError where the day's data changed meanwhile, the day before is open, a later
 * one is closed, or the equity is not that of the last snapshot
 */
export async function closeDay(tx: Handle, closing: Closing): Promise<Closed> {
  await lockPortfolio(tx, closing.portfolioId)
  // Computed again behind the lock: an event booked since would belong to no day at all.
  const result = await computeDay(tx, closing)
  if (JSON.stringify(result) !== JSON.stringify(closing.result)) {
    throw new NotCloseableError(`The data of ${closing.day} changed while it was being computed.`)
  }
  refuseUnchained(closing, await selectStanding(tx, closing))
  return applyClosing(tx, closing)
}

/**
 * Locks a portfolio for the rest of the transaction. Whoever books an event on it meanwhile waits,
 * because its foreign key needs the row.
 */
export async function lockPortfolio(tx: Handle, portfolioId: string): Promise<void> {
  await tx.query('SELECT FROM portfolios WHERE id = $1 FOR UPDATE', [portfolioId])
}

const standing = z.object({
  lastDay: z.string().nullable(),
  dayBefore: z.string().nullable(),
  isFirst: z.boolean(),
  chains: z.boolean(),
})

/** How a portfolio stands before a day: its last finished snapshot, and whether equity is its. */
async function selectStanding(tx: Handle, { portfolioId, day }: PortfolioDay) {
  const { rows } = await tx.query(
    `SELECT last.snapshot_date::text AS "lastDay",
            trading_day_before(portfolio.calendar, $2)::text AS "dayBefore",
            coalesce(trading_day_before(portfolio.calendar, $2) < portfolio.opened_on, true)
              AS "isFirst",
            portfolio.equity_balance = coalesce(last.net_asset_value, portfolio.opening_equity)
              AS chains
     FROM portfolios AS portfolio
     LEFT JOIN LATERAL (
       SELECT snapshot_date, net_asset_value FROM portfolio_snapshots
       WHERE portfolio_id = portfolio.id AND is_complete
       ORDER BY snapshot_date DESC LIMIT 1
     ) AS last ON true
     WHERE portfolio.id = $1`,
    [portfolioId, day],
  )
  return standing.parse(rows[0])
}

function refuseUnchained({ day }: PortfolioDay, state: z.infer<typeof standing>): void {
  const { lastDay, dayBefore, isFirst, chains } = state
  // Of this very day the index tells, and with it whoever wrote the snapshot.
  if (lastDay === day) return
  if (lastDay !== null && lastDay > day) {
    throw new NotCloseableError(`${lastDay} is closed already: replay the portfolio to add ${day}.`)
  }
  if (lastDay === null ? !isFirst : lastDay !== dayBefore) {
    throw new NotCloseableError(`The trading day before ${day}, ${dayBefore}, is not closed yet.`)
  }
  if (!chains) {
    const anchor = lastDay === null ? 'the opening equity' : `the snapshot of ${lastDay}`
    throw new NotCloseableError(`The equity is not that of ${anchor}: replay the portfolio.`)
  }
}

const APPLY = `
  WITH rolled AS (
    UPDATE portfolios
    SET equity_balance = equity_balance + $3::numeric + $4::numeric + $5::numeric
    WHERE id = $1
    RETURNING equity_balance
  ),
  adopted AS (
    UPDATE portfolio_snapshots
    SET net_asset_value = equity_balance, price_pnl = $3, realised_pnl = $4, net_flows = $5,
        net_exposure = $6, gross_exposure = $7, position_count = $8, is_complete = true,
        updated_at = clock_timestamp()
    FROM rolled
    WHERE portfolio_id = $1 AND snapshot_date = $2 AND NOT is_complete
    RETURNING portfolio_snapshots.id, net_asset_value
  ),
  inserted AS (
    INSERT INTO portfolio_snapshots
      (portfolio_id, snapshot_date, net_asset_value, price_pnl, realised_pnl, net_flows,
       net_exposure, gross_exposure, position_count)
    SELECT $1, $2::date, equity_balance, $3, $4, $5, $6, $7, $8
    FROM rolled
    WHERE NOT EXISTS (SELECT FROM adopted)
    RETURNING id, net_asset_value
  )
  SELECT id AS "snapshotId", trim_scale(net_asset_value)::text AS "netAssetValue"
  FROM (TABLE adopted UNION ALL TABLE inserted) AS written`

/** Rolls the equity forward, and completes the placeholder of the day or inserts its snapshot. */
async function applyClosing(tx: Handle, { portfolioId, day, result }: Closing): Promise<Closed> {
  const { rows } = await tx.query(APPLY, [
    portfolioId,
    day,
    result.pricePnl,
    result.realisedPnl,
    result.netFlows,
    result.netExposure,
    result.grossExposure,
    result.positionCount,
  ])
  return closed.parse(rows[0])
}
