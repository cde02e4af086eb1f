import type { Handle } from 'onceover'
import { computeDay } from './closing.ts'
import type { DayResult, PortfolioDay } from './queries.ts'

/** What a run of the naive code did: it wrote a snapshot, or met one and left. */
export type NaiveOutcome = 'created' | 'skipped'

/**
 * The incident's code: equity first, then a look for the snapshot, then the snapshot. Every run
 * changes the equity, and between the look and the insert anyone else may have looked too.
 */
export async function closeDayNaively(handle: Handle, day: PortfolioDay): Promise<NaiveOutcome> {
  const result = await computeDay(handle, day)
  const equity = await addToEquity(handle, day, result)
  if (await hasSnapshot(handle, day)) return 'skipped'
  const id = await insertPlaceholder(handle, day)
  await completeSnapshot(handle, id, equity, result)
  return 'created'
}

const UNIQUE_VIOLATION = '23505'

/**
 * The incident's proposed fix: a placeholder first, on a unique constraint, then equity, then the
 * values. A crash after the placeholder blocks the day for ever, and readers see its zeros.
 *
 * @param placed called when the placeholder stands: the crash of the trials
 */
export async function closeDayInsertFirst(
  handle: Handle,
  day: PortfolioDay,
  placed: () => Promise<void> = async () => undefined,
): Promise<NaiveOutcome> {
  let id: string
  try {
    id = await insertPlaceholder(handle, day)
  } catch (error) {
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) return 'skipped'
    throw error
  }
  await placed()
  const result = await computeDay(handle, day)
  await completeSnapshot(handle, id, await addToEquity(handle, day, result), result)
  return 'created'
}

/** Adds a day's result to the equity, whoever did so before, and gives the new equity. */
async function addToEquity(
  handle: Handle,
  { portfolioId }: PortfolioDay,
  { pricePnl, realisedPnl, netFlows }: DayResult,
): Promise<string> {
  const { rows } = await handle.query(
    `UPDATE portfolios
     SET equity_balance = equity_balance + $2::numeric + $3::numeric + $4::numeric
     WHERE id = $1
     RETURNING equity_balance::text AS equity`,
    [portfolioId, pricePnl, realisedPnl, netFlows],
  )
  return String(rows[0]?.equity)
}

/** Whether the day has a snapshot at this moment. */
async function hasSnapshot(handle: Handle, { portfolioId, day }: PortfolioDay): Promise<boolean> {
  const { rows } = await handle.query(
    'SELECT FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date = $2',
    [portfolioId, day],
  )
  return rows.length > 0
}

/** Inserts a snapshot of zeros that says itself unfinished, and gives its id. */
async function insertPlaceholder(
  handle: Handle,
  { portfolioId, day }: PortfolioDay,
): Promise<string> {
  const { rows } = await handle.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, is_complete)
     VALUES ($1, $2, false) RETURNING id`,
    [portfolioId, day],
  )
  return String(rows[0]?.id)
}

/** Puts the values into a placeholder. */
async function completeSnapshot(
  handle: Handle,
  id: string,
  equity: string,
  result: DayResult,
): Promise<void> {
  await handle.query(
    `UPDATE portfolio_snapshots
     SET net_asset_value = $2, price_pnl = $3, realised_pnl = $4, net_flows = $5,
         net_exposure = $6, gross_exposure = $7, position_count = $8, is_complete = true
     WHERE id = $1`,
    [
      id,
      equity,
      result.pricePnl,
      result.realisedPnl,
      result.netFlows,
      result.netExposure,
      result.grossExposure,
      result.positionCount,
    ],
  )
}
