import { createHash } from 'node:crypto'
import type { Handle } from 'onceover'
import { z } from 'zod'
import { PortfolioNotFoundError } from './errors.ts'
import { amount } from './queries.ts'

const replayedDay = z.object({
  day: z.string(),
  /** What was wrong with the day itself; null where only a day before it was. */
  fault: z.string().nullable(),
  snapshotId: z.string().nullable(),
  /** The net asset value that is kept; null where there is no snapshot. */
  kept: amount.nullable(),
  /** What it has to be; null where a price is missing. */
  replayed: amount.nullable(),
  pricePnl: amount.nullable(),
  realisedPnl: amount,
  netFlows: amount,
  netExposure: amount,
  grossExposure: amount,
  positionCount: z.int(),
  missingPrices: z.array(z.string()),
})

const planned = z.object({
  /** The last snapshot that chains from the opening on; the opening itself where `day` is null. */
  lastGood: z.object({ day: z.string().nullable(), equity: amount }),
  equity: z.object({ now: amount, replayed: amount.nullable() }),
  /** Every trading day from there to the last finished snapshot, in order. */
  days: z.array(replayedDay),
  /** Ids of the snapshots that no day keeps: second ones of a day, or of days without trading. */
  removed: z.array(z.string()),
})

/** What a replay of a portfolio would do. Amounts are exact decimals as text. */
export interface ReplayPlan extends z.infer<typeof planned> {
  readonly portfolioId: string
  /** Names exactly this plan: applying it is refused once anything of it has changed. */
  readonly plan: string
  /** False where there is nothing to do. */
  readonly changes: boolean
  /** Prices without which it cannot be applied, each as 'SYMBOL on YYYY-MM-DD'. */
  readonly missingPrices: readonly string[]
}

// The first fault ends what can be trusted: from the day before it everything is computed anew.
const SELECT_PLAN = `
  WITH ledger AS MATERIALIZED (SELECT * FROM portfolio_ledger($1)),
  good AS (
    SELECT day, net_asset_value FROM ledger
    WHERE is_complete AND day < (SELECT coalesce(min(day), 'infinity') FROM ledger
                                 WHERE fault IS NOT NULL)
    ORDER BY day DESC LIMIT 1
  ),
  anchor AS (
    SELECT good.day, coalesce(good.net_asset_value, portfolio.opening_equity::numeric) AS equity,
           portfolio.equity_balance::numeric AS now
    FROM portfolios AS portfolio LEFT JOIN good ON true
    WHERE portfolio.id = $1
  ),
  replayed AS (
    SELECT ledger.*,
           CASE WHEN count(*) FILTER (WHERE price_pnl IS NULL) OVER through = 0
             THEN anchor.equity + sum(price_pnl + realised_pnl + net_flows) OVER through
           END AS replayed
    FROM anchor
    JOIN ledger ON trading AND ledger.day > coalesce(anchor.day, '-infinity')
               AND ledger.day <= (SELECT max(day) FROM ledger WHERE trading AND is_complete)
    WINDOW through AS (ORDER BY ledger.day)
  )
  SELECT json_build_object('day', anchor.day, 'equity', trim_scale(anchor.equity)::text)
           AS "lastGood",
         json_build_object('now', trim_scale(anchor.now)::text, 'replayed',
           trim_scale(CASE WHEN EXISTS (SELECT FROM replayed)
             THEN (SELECT replayed FROM replayed ORDER BY day DESC LIMIT 1)
             ELSE anchor.equity END)::text) AS equity,
         (SELECT coalesce(json_agg(json_build_object(
             'day', day, 'fault', fault, 'snapshotId', snapshot_id,
             'kept', trim_scale(net_asset_value)::text, 'replayed', trim_scale(replayed)::text,
             'pricePnl', trim_scale(price_pnl)::text,
             'realisedPnl', trim_scale(realised_pnl)::text,
             'netFlows', trim_scale(net_flows)::text,
             'netExposure', trim_scale(net_exposure)::text,
             'grossExposure', trim_scale(gross_exposure)::text,
             'positionCount', position_count, 'missingPrices', missing_prices
           ) ORDER BY day), '[]') FROM replayed) AS days,
         ARRAY(SELECT id::text FROM portfolio_snapshots
               WHERE portfolio_id = $1
                 AND id NOT IN (SELECT snapshot_id FROM ledger
                                WHERE trading AND snapshot_id IS NOT NULL)
               ORDER BY id) AS removed
  FROM anchor`

/**
 * Says what a replay would do, and writes nothing.
 *
 * @throws PortfolioNotFoundError
 */
export async function planReplay(handle: Handle, portfolioId: string): Promise<ReplayPlan> {
  const { rows } = await handle.query(SELECT_PLAN, [portfolioId])
  if (!rows[0]) throw new PortfolioNotFoundError(portfolioId)
  const contents = planned.parse(rows[0])
  const { equity, days, removed } = contents
  return {
    portfolioId,
    plan: createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 16),
    changes: days.length > 0 || removed.length > 0 || equity.now !== equity.replayed,
    ...contents,
    missingPrices: [...new Set(days.flatMap(({ missingPrices }) => missingPrices))],
  }
}
