import type { Handle } from 'onceover'

/** The incident's portfolio, test009. */
export const INCIDENT_PORTFOLIO = '09000000-0000-4000-8000-000000000009'
/** The day that was run four times: a Monday, so that the day before is three days back. */
export const INCIDENT_DAY = '2025-11-17'
/** The equity before that day, the P&L of the day, the equity after one run and after four. */
export const INCIDENT_FIGURES = {
  before: -6_900_000,
  pnl: 5_275_000,
  right: -1_625_000,
  inflated: 14_200_000,
} as const

/** The calendar of the fixture: New York, with its holidays of late 2025. */
export const CALENDAR = 'XNYS'

const INSTRUMENTS = ['ACME', 'BRNT', 'CNDR']

/** Closing prices per day, in the order of the instruments. */
const PRICES: Readonly<Record<string, readonly [string, string, string]>> = {
  '2025-11-12': ['101.00', '80.000', '9.9'],
  '2025-11-13': ['101.20', '79.500', '10.0'],
  '2025-11-14': ['100.63', '79.125', '10.1'],
  [INCIDENT_DAY]: ['115.00', '71.000', '10.2'],
  '2025-11-18': ['114.50', '71.250', '10.1'],
}

/** Long, short, and a quantity that no binary fraction holds. */
const LOTS = [
  ['ACME', '250000'],
  ['BRNT', '-40000'],
  ['CNDR', '300000.3'],
] as const

/**
 * Opened with −6,950,000; two days later, after a deposit, the equity is −6,900,000. On the day of
 * the incident prices make 3,947,500.03, and a sale less its fee the rest of 5,275,000.
 */
const OPENING_EQUITY = '-6950000'
const DEPOSIT = ['2025-11-14', '47499.94'] as const
const EVENTS = [
  [INCIDENT_DAY, 'trade', '1330000.00'],
  [INCIDENT_DAY, 'fee', '-2500.03'],
] as const

/** The days that were closed before the incident: day, net asset value, price P&L, flows. */
const CLOSED_DAYS = [
  ['2025-11-13', '-6849999.97', '100000.03', '0'],
  ['2025-11-14', '-6900000', '-97499.97', '47499.94'],
] as const

/** Puts the calendar with its holidays, and instruments without prices, in place. */
export async function plantMarket(handle: Handle, symbols = INSTRUMENTS): Promise<void> {
  await handle.query(
    `INSERT INTO trading_calendars (code, zone, closes_at)
     VALUES ($1, 'America/New_York', '16:00')`,
    [CALENDAR],
  )
  await handle.query(
    `INSERT INTO trading_holidays (calendar, day, name)
     VALUES ($1, '2025-11-27', 'Thanksgiving'), ($1, '2025-12-25', 'Christmas')`,
    [CALENDAR],
  )
  await handle.query(
    'INSERT INTO instruments (symbol, name) SELECT symbol, symbol FROM unnest($1::text[]) symbol',
    [symbols],
  )
}

/** Puts the incident's portfolio in place (after `plantMarket`), as it stood before its runs. */
export async function plantIncident(handle: Handle): Promise<void> {
  await handle.query(
    `INSERT INTO portfolios (id, name, calendar, opened_on, opening_equity, equity_balance)
     VALUES ($1, 'test009', $2, '2025-11-13', $3, $4)`,
    [INCIDENT_PORTFOLIO, CALENDAR, OPENING_EQUITY, INCIDENT_FIGURES.before],
  )
  await handle.query(
    `INSERT INTO prices (symbol, day, price)
     SELECT symbol, day, price
     FROM jsonb_to_recordset($1::jsonb) AS closing (symbol text, day date, price numeric)`,
    [
      JSON.stringify(
        Object.entries(PRICES).flatMap(([day, prices]) =>
          prices.map((price, place) => ({ symbol: INSTRUMENTS[place], day, price })),
        ),
      ),
    ],
  )
  for (const [symbol, quantity] of LOTS) {
    await handle.query(
      `INSERT INTO positions (portfolio_id, symbol, quantity, held_from)
       VALUES ($1, $2, $3, '2025-11-13')`,
      [INCIDENT_PORTFOLIO, symbol, quantity],
    )
  }
  await plantBookings(handle)
}

async function plantBookings(handle: Handle): Promise<void> {
  for (const event of EVENTS) {
    await handle.query(
      'INSERT INTO realised_events (portfolio_id, day, kind, amount) VALUES ($1, $2, $3, $4)',
      [INCIDENT_PORTFOLIO, ...event],
    )
  }
  await handle.query(
    `INSERT INTO equity_flows (portfolio_id, day, kind, amount) VALUES ($1, $2, 'deposit', $3)`,
    [INCIDENT_PORTFOLIO, ...DEPOSIT],
  )
  for (const closed of CLOSED_DAYS) {
    await handle.query(
      `INSERT INTO portfolio_snapshots
         (portfolio_id, snapshot_date, net_asset_value, price_pnl, net_flows, position_count,
          net_exposure, gross_exposure)
       SELECT $1, $2::date, $3, $4, $5, result.position_count, result.net_exposure,
              result.gross_exposure
       FROM day_result($1, $2) AS result`,
      [INCIDENT_PORTFOLIO, ...closed],
    )
  }
}
