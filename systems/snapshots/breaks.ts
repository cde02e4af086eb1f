import type { Handle } from 'onceover'

/** What is wrong with a day of a portfolio, or with its equity. */
export type Fault =
  /** A snapshot on a day without trading, or before the portfolio was opened. */
  | 'not_a_trading_day'
  /** A trading day without a snapshot, before a day that has one. */
  | 'missing'
  /** Several snapshots of one day. */
  | 'duplicate'
  /** A placeholder that a crash left. */
  | 'unfinished'
  /** Net asset value ≠ that of the day before + P&L + flows. */
  | 'does_not_chain'
  /** It chains, but prices or events of the day say something else by now. */
  | 'data_changed'
  /** The portfolio's equity ≠ the net asset value of its last snapshot. */
  | 'equity'

/** A place where the chain of a portfolio is broken. Amounts are exact decimals as text. */
export interface Break {
  readonly portfolioId: string
  readonly portfolio: string
  /** 'YYYY-MM-DD'; for `equity` the day of the last snapshot, or null where there is none. */
  readonly day: string | null
  readonly fault: Fault
  /** What is kept: a net asset value, or the equity. */
  readonly kept: string | null
  /** What it would have to be; null where the day before cannot say. */
  readonly expected: string | null
}

/** Where the chains of all portfolios, or of some, are broken, in order of portfolio and day. */
export async function listBreaks(
  handle: Handle,
  portfolioIds?: readonly string[],
): Promise<Break[]> {
  const { rows } = await handle.query(
    `WITH ledger AS (
       SELECT portfolio.id, portfolio.name, entry.*
       FROM portfolios AS portfolio
       CROSS JOIN LATERAL portfolio_ledger(portfolio.id) AS entry
       WHERE $1::uuid[] IS NULL OR portfolio.id = ANY ($1)
     ),
     found AS (
       SELECT id, name, day, fault, net_asset_value AS kept,
              equity_before + CASE fault WHEN 'does_not_chain' THEN stored_change
                ELSE price_pnl + realised_pnl + net_flows END AS expected
       FROM ledger
       WHERE fault IS NOT NULL
       UNION ALL
       SELECT portfolio.id, portfolio.name, last.day, 'equity', portfolio.equity_balance,
              coalesce(last.net_asset_value, portfolio.opening_equity)
       FROM portfolios AS portfolio
       LEFT JOIN LATERAL (
         SELECT day, net_asset_value FROM ledger
         WHERE ledger.id = portfolio.id AND trading AND is_complete ORDER BY day DESC LIMIT 1
       ) AS last ON true
       WHERE ($1::uuid[] IS NULL OR portfolio.id = ANY ($1))
         AND portfolio.equity_balance <> coalesce(last.net_asset_value, portfolio.opening_equity)
     )
     SELECT id AS "portfolioId", name AS portfolio, day::text, fault,
            trim_scale(kept)::text AS kept, trim_scale(expected)::text AS expected
     FROM found
     ORDER BY name, id, day NULLS FIRST, fault`,
    [portfolioIds ?? null],
  )
  return rows as unknown as Break[]
}
