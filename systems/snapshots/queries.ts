import { readFile } from 'node:fs/promises'
import { type Handle, type Sql, sql } from 'onceover'
import { z } from 'zod'
import { PortfolioNotFoundError } from './errors.ts'

/** An exact decimal as text, as PostgreSQL writes it: money never becomes a JavaScript number. */
export const amount = z.string().regex(/^-?\d+(\.\d+)?$/)

/** A portfolio and a trading day, 'YYYY-MM-DD'. */
export interface PortfolioDay {
  readonly portfolioId: string
  readonly day: string
}

/** Which days are meant, both ends included, and of which portfolios (default: all). */
export interface Days {
  readonly from: string
  readonly until: string
  readonly portfolioIds?: readonly string[] | undefined
  /** Portfolios that are not meant after all. */
  readonly except?: readonly string[] | undefined
}

const dayResult = z.object({
  pricePnl: amount,
  realisedPnl: amount,
  netFlows: amount,
  netExposure: amount,
  grossExposure: amount,
  positionCount: z.int(),
})

/** What a trading day did to a portfolio. */
export type DayResult = z.infer<typeof dayResult>

/** A finished snapshot as readers see it. */
export interface Snapshot extends DayResult {
  readonly id: string
  readonly day: string
  readonly netAssetValue: string
  readonly dailyPnl: string
}

/** A portfolio with the equity of its last end of day. */
export interface Portfolio {
  readonly id: string
  readonly name: string
  readonly calendar: string
  readonly equity: string
}

/** Creates the tables and functions of this system in an empty database. */
export async function createSchema(handle: Handle): Promise<void> {
  for (const file of ['schema.sql', 'functions.sql']) {
    await handle.query(await readFile(new URL(file, import.meta.url), 'utf8'))
  }
}

/**
 * The snapshots that ought to exist: each open portfolio on each trading day of its own calendar
 * that is over on the market's clocks, day after day.
 */
export const expectedSnapshots = ({ from, until, portfolioIds, except = [] }: Days): Sql => sql`
  SELECT portfolio.id AS portfolio_id, trading.day AS snapshot_date
  FROM portfolios AS portfolio
  CROSS JOIN LATERAL trading_days(
    portfolio.calendar,
    greatest(${from}::date, portfolio.opened_on),
    least(${until}::date, portfolio.closed_on, current_date + 1)
  ) AS trading (day)
  WHERE is_over(portfolio.calendar, trading.day)
    AND (${portfolioIds ?? null}::uuid[] IS NULL OR portfolio.id = ANY (${portfolioIds ?? null}))
    AND portfolio.id <> ALL (${except}::uuid[])
  ORDER BY trading.day, portfolio.id`

/** The trading days of a range on which any portfolio trades, in order. */
export async function selectTradingDays(handle: Handle, days: Days): Promise<string[]> {
  const expected = expectedSnapshots(days)
  const { rows } = await handle.query(
    `SELECT DISTINCT snapshot_date::text AS day FROM (${expected.text}) AS expected ORDER BY 1`,
    [...expected.values],
  )
  return rows.map(({ day }) => String(day))
}

/**
 * What a trading day did to a portfolio, or the prices that are missing to say so.
 *
 * @throws PortfolioNotFoundError
 */
export async function selectDayResult(
  handle: Handle,
  { portfolioId, day }: PortfolioDay,
): Promise<DayResult | { readonly missingPrices: readonly string[] }> {
  const { rows } = await handle.query(
    `SELECT trim_scale(price_pnl)::text AS "pricePnl",
            trim_scale(realised_pnl)::text AS "realisedPnl",
            trim_scale(net_flows)::text AS "netFlows",
            trim_scale(net_exposure)::text AS "netExposure",
            trim_scale(gross_exposure)::text AS "grossExposure",
            position_count AS "positionCount", missing_prices AS "missingPrices"
     FROM day_result($1, $2)`,
    [portfolioId, day],
  )
  const [row] = rows
  if (!row) throw new PortfolioNotFoundError(portfolioId)
  const missingPrices = z.array(z.string()).parse(row.missingPrices)
  return missingPrices.length > 0 ? { missingPrices } : dayResult.parse(row)
}

/**
 * A portfolio.
 *
 * @throws PortfolioNotFoundError
 */
export async function selectPortfolio(handle: Handle, portfolioId: string): Promise<Portfolio> {
  const { rows } = await handle.query(
    `SELECT id, name, calendar, trim_scale(equity_balance)::text AS equity
     FROM portfolios WHERE id = $1`,
    [portfolioId],
  )
  if (!rows[0]) throw new PortfolioNotFoundError(portfolioId)
  return rows[0] as unknown as Portfolio
}

const FIRST_DAY = '-infinity'
const LAST_DAY = 'infinity'

/** The finished snapshots of a portfolio, newest first; days are 'YYYY-MM-DD', both included. */
export async function selectSnapshots(
  handle: Handle,
  portfolioId: string,
  { from = FIRST_DAY, until = LAST_DAY }: { from?: string; until?: string } = {},
): Promise<Snapshot[]> {
  const { rows } = await handle.query(
    `SELECT id, snapshot_date::text AS day,
            trim_scale(net_asset_value)::text AS "netAssetValue",
            trim_scale(daily_pnl)::text AS "dailyPnl",
            trim_scale(price_pnl)::text AS "pricePnl",
            trim_scale(realised_pnl)::text AS "realisedPnl",
            trim_scale(net_flows)::text AS "netFlows",
            trim_scale(net_exposure)::text AS "netExposure",
            trim_scale(gross_exposure)::text AS "grossExposure",
            position_count AS "positionCount"
     FROM portfolio_snapshots
     WHERE portfolio_id = $1 AND is_complete AND snapshot_date BETWEEN $2 AND $3
     ORDER BY snapshot_date DESC, created_at DESC`,
    [portfolioId, from, until],
  )
  return rows as unknown as Snapshot[]
}
