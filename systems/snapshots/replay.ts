import type { Handle, Onceover } from 'onceover'
import { lockPortfolio } from './closing.ts'
import { PricesMissingError, ReplayDriftedError } from './errors.ts'
import { planReplay, type ReplayPlan } from './replay-plan.ts'

/** The plan that was previewed, and who wants it done, and why. */
export interface ReplayRequest {
  readonly portfolioId: string
  /** `plan` of the preview. */
  readonly plan: string
  readonly reason: string
  readonly actor: string
}

const TRANSACTION_RETRIES = 3

/**
 * Computes equity and snapshots of a portfolio again from its last good snapshot, in one
 * transaction, and keeps every row as it was in `snapshot_replays`. Where the portfolio is as it
 * has to be nothing is written, and `changes` is false.
 *
 * @throws ReplayDriftedError, PricesMissingError, PortfolioNotFoundError
 */
export function applyReplay(
  { once }: { readonly once: Onceover },
  request: ReplayRequest,
): Promise<ReplayPlan> {
  return once.transaction(
    async (tx) => {
      await lockPortfolio(tx, request.portfolioId)
      const plan = await planReplay(tx, request.portfolioId)
      if (plan.plan !== request.plan) throw new ReplayDriftedError(request.portfolioId)
      if (plan.missingPrices.length > 0) throw new PricesMissingError(plan.missingPrices)
      if (plan.changes) {
        await recordReplay(tx, plan, request)
        await removeSnapshots(tx, plan.removed)
        await rewriteSnapshots(tx, plan)
        await setEquity(tx, plan)
      }
      return plan
    },
    { retries: TRANSACTION_RETRIES },
  )
}

/** Keeps who replays, why, and the rows as they are now. */
async function recordReplay(tx: Handle, plan: ReplayPlan, { reason, actor }: ReplayRequest) {
  const { portfolioId, equity, days, removed } = plan
  const touched = [...removed, ...days.flatMap(({ snapshotId }) => snapshotId ?? [])]
  await tx.query(
    `INSERT INTO snapshot_replays
       (portfolio_id, reason, actor, plan, equity_before, equity_after, rows_before)
     SELECT $1, $2, $3, $4, $5, $6,
            (SELECT coalesce(jsonb_agg(to_jsonb(snapshot) ORDER BY snapshot_date, id), '[]')
             FROM portfolio_snapshots AS snapshot WHERE id = ANY ($7::uuid[]))`,
    [portfolioId, reason, actor, plan.plan, equity.now, equity.replayed, touched],
  )
}

/** Removes the snapshots that no day keeps. */
async function removeSnapshots(tx: Handle, ids: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM portfolio_snapshots WHERE id = ANY ($1::uuid[])', [ids])
}

/** Writes the replayed values into the kept snapshots, and the snapshots that are missing. */
async function rewriteSnapshots(tx: Handle, { portfolioId, days }: ReplayPlan): Promise<void> {
  const replayed = `
    WITH replayed AS (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS day ("snapshotId" uuid, day date,
        replayed numeric, "pricePnl" numeric, "realisedPnl" numeric, "netFlows" numeric,
        "netExposure" numeric, "grossExposure" numeric, "positionCount" int)
    )`
  await tx.query(
    `${replayed}
     UPDATE portfolio_snapshots AS snapshot
     SET net_asset_value = replayed.replayed, price_pnl = "pricePnl",
         realised_pnl = "realisedPnl", net_flows = "netFlows", net_exposure = "netExposure",
         gross_exposure = "grossExposure", position_count = "positionCount", is_complete = true,
         updated_at = clock_timestamp()
     FROM replayed
     WHERE snapshot.id = "snapshotId"`,
    [JSON.stringify(days)],
  )
  await tx.query(
    `${replayed}
     INSERT INTO portfolio_snapshots
       (portfolio_id, snapshot_date, net_asset_value, price_pnl, realised_pnl, net_flows,
        net_exposure, gross_exposure, position_count)
     SELECT $2, day, replayed, "pricePnl", "realisedPnl", "netFlows", "netExposure",
            "grossExposure", "positionCount"
     FROM replayed
     WHERE "snapshotId" IS NULL`,
    [JSON.stringify(days), portfolioId],
  )
}

/** Sets the equity to that of the last snapshot. */
async function setEquity(tx: Handle, { portfolioId, equity }: ReplayPlan): Promise<void> {
  await tx.query('UPDATE portfolios SET equity_balance = $2 WHERE id = $1', [
    portfolioId,
    equity.replayed,
  ])
}
