import type { Handle } from 'onceover'
import { CALENDAR } from './incident.ts'

/** A book of portfolios for trials: how many, and the first and last day with prices. */
export interface Book {
  readonly portfolios: number
  /** The day on which they open; prices start on the trading day before. */
  readonly from: string
  readonly until: string
}

/** Instruments of the book; each portfolio holds three of them. */
const SYMBOLS = ['DUNE', 'ELMS', 'FJRD', 'GLEN', 'HAZE'] as const

/** Id of the nth portfolio of the book, from 1. */
export const bookPortfolio = (n: number): string =>
  `b0000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/**
 * Puts a book in place (after `plantMarket`): portfolios with long and short lots of fractional
 * quantities, a price per instrument and trading day, dividends, and flows on a Saturday. Nothing
 * is random: the same book is planted every time.
 */
export async function plantBook(handle: Handle, book: Book): Promise<void> {
  await plantPrices(handle, book)
  await handle.query(
    `INSERT INTO portfolios (id, name, calendar, opened_on, opening_equity, equity_balance)
     SELECT id, 'book ' || n, $2, $3, n * 100000.25, n * 100000.25
     FROM unnest($1::uuid[]) WITH ORDINALITY AS portfolio (id, n)`,
    [idsOf(book), CALENDAR, book.from],
  )
  await handle.query(
    `INSERT INTO positions (portfolio_id, symbol, quantity, held_from)
     SELECT id, ($2::text[])[1 + (n + lot) % 5],
            (1 - 2 * (lot % 2)) * (1000.3 * n + 17.125 * lot), $3
     FROM unnest($1::uuid[]) WITH ORDINALITY AS portfolio (id, n), generate_series(0, 2) AS lot`,
    [idsOf(book), SYMBOLS, book.from],
  )
  await handle.query(
    `INSERT INTO realised_events (portfolio_id, day, kind, amount)
     SELECT id, day, 'dividend', 0.01 * n * (day - $2::date + 1)
     FROM unnest($1::uuid[]) WITH ORDINALITY AS portfolio (id, n),
          trading_days($4, $2, $3) AS day
     WHERE (n + (day - $2::date)) % 3 = 0`,
    [idsOf(book), book.from, book.until, CALENDAR],
  )
  await handle.query(
    `INSERT INTO equity_flows (portfolio_id, day, kind, amount)
     SELECT id, $2::date + back, CASE n % 2 WHEN 0 THEN 'deposit' ELSE 'withdrawal' END, 33.33 * n
     FROM unnest($1::uuid[]) WITH ORDINALITY AS portfolio (id, n),
          generate_series(0, $3::date - $2::date) AS back
     WHERE extract(isodow FROM $2::date + back) = 6`,
    [idsOf(book), book.from, book.until],
  )
}

const idsOf = ({ portfolios }: Book): string[] =>
  Array.from({ length: portfolios }, (_, place) => bookPortfolio(place + 1))

/** Prices that move up and down by amounts with four decimals. */
async function plantPrices(handle: Handle, { from, until }: Book): Promise<void> {
  await handle.query(
    'INSERT INTO instruments SELECT symbol, symbol FROM unnest($1::text[]) symbol',
    [SYMBOLS],
  )
  await handle.query(
    `INSERT INTO prices (symbol, day, price)
     SELECT symbol, day, 20 * n + ((day - $3::date) * 7919 * n % 10007) / 1000.0
     FROM unnest($1::text[]) WITH ORDINALITY AS instrument (symbol, n),
          trading_days($2, trading_day_before($2, $3), $4) AS day`,
    [SYMBOLS, CALENDAR, from, until],
  )
}
