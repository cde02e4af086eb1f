import type { Handle } from 'onceover'
import { addDays } from '../days.ts'
import { type Furnishing, type LiveSystem, pageOf, type Rerun } from '../live-system.ts'
import { bookPortfolio, plantBook } from './book.ts'
import { closeDays, snapshotGenerator } from './generate.ts'
import { snapshots } from './guards.ts'
import { CALENDAR, plantMarket } from './incident.ts'
import { createSchema, type Days, selectTradingDays } from './queries.ts'

const PORTFOLIOS = 8
const DAYS = 28
const PRICES_AHEAD_DAYS = 60

/** Its day failed: a price was missing. The price has come by now. */
const UNPRICED = bookPortfolio(3)
/** Its last day was not asked for. */
const FORGOTTEN = bookPortfolio(6)

const CRON = { actor: 'end of day', reason: 'the close of the market' } as const
const RERUN = { actor: 'keyboard', reason: 'everything of this week again' } as const

/** An instrument that one portfolio alone holds, with a price on each trading day. */
const PLANT_LISTING = `
  WITH instrument AS (INSERT INTO instruments VALUES ('NEWC', 'Newcomer')),
    price AS (
      INSERT INTO prices SELECT 'NEWC', day, 12.5 + (day - $1::date) * 0.25
      FROM trading_days($4, $1::date - 14, $2) AS day)
  INSERT INTO positions (portfolio_id, symbol, quantity, held_from) VALUES ($3, 'NEWC', 800, $1)`

/** Takes the price of a day away, and gives it back for when it comes late. */
const WITHHOLD = "DELETE FROM prices WHERE symbol = 'NEWC' AND day = $1 RETURNING price"
const DELIVER = "INSERT INTO prices (symbol, day, price) VALUES ('NEWC', $1, $2)"

/**
 * Eight portfolios, and the end of every trading day of four weeks, by the system's own code. One
 * is two days behind because a price was missing, another was forgotten on the last day.
 */
export async function furnishSnapshots(furnishing: Furnishing): Promise<LiveSystem> {
  const { once, pool, today } = furnishing
  await createSchema(pool)
  await plantMarket(pool)
  const from = addDays(today, 1 - DAYS)
  const ahead = addDays(today, PRICES_AHEAD_DAYS)
  await plantBook(pool, { portfolios: PORTFOLIOS, from, until: ahead })
  await pool.query(PLANT_LISTING, [from, ahead, UNPRICED, CALENDAR])
  await once.enforce(snapshots)
  const days = await selectTradingDays(pool, { from, until: today })
  const [withheld = today, last = today] = days.slice(-2)
  const { rows } = await pool.query(WITHHOLD, [withheld])
  await closeDays(furnishing, { from, until: withheld }, CRON)
  const except = [UNPRICED, FORGOTTEN]
  await closeDays(furnishing, { from: last, until: last, except }, CRON)
  await pool.query(DELIVER, [withheld, rows[0]?.price])
  return {
    guards: [snapshots],
    generators: [snapshotGenerator(pool)],
    example: { path: `/snapshots/api/days/${last}/close`, body: { actor: 'ana' } },
    planted: {
      says:
        `${PORTFOLIOS} portfolios × ${days.length} trading days. A price came too late for one, ` +
        'another was forgotten on the last day.',
      see: pageOf(snapshots, 'matrix'),
    },
    rerun: () => rerun(furnishing, { from: addDays(today, -6), until: today }),
  }
}

async function rerun(
  system: Pick<Furnishing, 'once'> & { readonly pool: Handle },
  days: Days,
): Promise<Rerun> {
  const { missing } = await system.once.reconcile(snapshotGenerator(system.pool), days)
  const except = [...new Set(missing.map(({ portfolio_id }) => portfolio_id))]
  const closed = await closeDays(system, { ...days, except }, RERUN)
  const sum = (of: 'created' | 'skipped') => closed.reduce((total, day) => total + day[of], 0)
  const [made, skipped] = [sum('created'), sum('skipped')]
  return { what: 'snapshots', asked: made + skipped, made, skipped }
}
