import type { Handle } from 'onceover'
import { INCIDENT_DAY, INCIDENT_FIGURES, INCIDENT_PORTFOLIO } from './incident.ts'

/** The trading day before the incident's, whose snapshot is right. */
export const DAY_BEFORE = '2025-11-14'
/** How many runs applied the P&L of the day. */
const INCIDENT_RUNS = 4

/**
 * One run's snapshot of the incident's day, ten minutes after the one before. $1: portfolio, $2:
 * day, $3: the number of the run, $4: the equity that it had made.
 */
const INSERT_RUN = `
  INSERT INTO portfolio_snapshots
    (portfolio_id, snapshot_date, net_asset_value, price_pnl, realised_pnl, net_flows,
     net_exposure, gross_exposure, position_count, created_at)
  SELECT $1, $2::date, $4, price_pnl, realised_pnl, net_flows, net_exposure, gross_exposure,
         position_count, $2::date + time '21:05' + $3 * interval '10 minutes'
  FROM day_result($1, $2)`

/** A placeholder of zeros; $3: whether it says itself finished, $4: when it was made. */
const INSERT_PLACEHOLDER = `
  INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, is_complete, created_at)
  VALUES ($1, $2, $3, coalesce($4, clock_timestamp()))`

/**
 * What the runs left where each looked for a snapshot before any other had inserted one (after
 * `plantIncident`): four snapshots of the day with more and more equity, and the placeholder of a
 * fifth run that died. Another one stands beside the right snapshot of the day before; it says
 * itself finished, as the default of the column that came later makes every old row say.
 */
export async function plantDuplicates(handle: Handle): Promise<void> {
  const { before, pnl, inflated } = INCIDENT_FIGURES
  for (let run = 1; run <= INCIDENT_RUNS; run += 1) {
    const equity = String(before + run * pnl)
    await handle.query(INSERT_RUN, [INCIDENT_PORTFOLIO, INCIDENT_DAY, run, equity])
  }
  const afterTheRuns = `${INCIDENT_DAY} 21:55`
  await handle.query(INSERT_PLACEHOLDER, [INCIDENT_PORTFOLIO, INCIDENT_DAY, false, afterTheRuns])
  await handle.query(INSERT_PLACEHOLDER, [INCIDENT_PORTFOLIO, DAY_BEFORE, true, null])
  await handle.query('UPDATE portfolios SET equity_balance = $2 WHERE id = $1', [
    INCIDENT_PORTFOLIO,
    String(inflated),
  ])
}
