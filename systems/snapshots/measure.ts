import { onceover } from 'onceover'
import pg from 'pg'
import { forkWorkers } from '../fork-workers.ts'
import { bookPortfolio, plantBook } from './book.ts'
import { listBreaks } from './breaks.ts'
import { snapshots } from './guards.ts'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO, plantIncident, plantMarket } from './incident.ts'
import { plantDuplicates } from './incident-duplicates.ts'
import { type IncidentRepair, repairIncident } from './incident-repair.ts'
import { createSchema, selectTradingDays } from './queries.ts'
import { applyReplay } from './replay.ts'
import { planReplay } from './replay-plan.ts'
import type { Approach, CloseResult, CloseTask } from './tasks.ts'

/** One side of the demo: a database with the incident's portfolio and a book of others. */
export interface Side {
  readonly url: string
  readonly pool: pg.Pool
}

/** How many portfolios the book has, and its first and last day. */
export const BOOK = { portfolios: 12, from: '2025-11-17', until: '2025-11-28' } as const

const BOOK_DAYS = {
  from: BOOK.from,
  until: BOOK.until,
  portfolioIds: Array.from({ length: BOOK.portfolios }, (_, place) => bookPortfolio(place + 1)),
}
const THE_DAY = { from: INCIDENT_DAY, until: INCIDENT_DAY, portfolioIds: [INCIDENT_PORTFOLIO] }

/** Fills a database; `enforced` says whether the unique index stands. */
export async function openSide(url: string, enforced: boolean): Promise<Side> {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  // The database is dropped by force when the demo ends: an idle connection may see that.
  pool.on('error', () => {})
  await createSchema(pool)
  await plantMarket(pool)
  await plantIncident(pool)
  await plantBook(pool, BOOK)
  if (enforced) {
    const once = await onceover({ db: pool })
    await once.migrate()
    await once.enforce(snapshots)
    await once.close()
  }
  return { url, pool }
}

/** The incident's portfolio and day as readers see them. */
export interface DayCount {
  readonly equity: number
  readonly snapshots: number
  /** Snapshots that are placeholders with zeros. */
  readonly placeholders: number
}

/** Counts what stands of the incident's day. The equity is a whole number there. */
async function countDay({ pool }: Pick<Side, 'pool'>): Promise<DayCount> {
  const { rows } = await pool.query(
    `SELECT equity_balance::text AS equity, count(snapshot.id)::int AS snapshots,
            (count(*) FILTER (WHERE NOT is_complete))::int AS placeholders
     FROM portfolios AS portfolio
     LEFT JOIN portfolio_snapshots AS snapshot
       ON snapshot.portfolio_id = portfolio.id AND snapshot_date = $2
     WHERE portfolio.id = $1
     GROUP BY portfolio.id`,
    [INCIDENT_PORTFOLIO, INCIDENT_DAY],
  )
  const [row] = rows
  return {
    equity: Number(row?.equity),
    snapshots: Number(row?.snapshots),
    placeholders: Number(row?.placeholders),
  }
}

/** What a killed run left, and what the runs after it came to. */
export interface Crashed {
  readonly left: DayCount
  readonly after: DayCount
}

/** What the book came to: snapshots, how many were meant, and portfolios that do not chain. */
export interface BookCount {
  readonly snapshots: number
  readonly meant: number
  readonly broken: number
}

/** Runs in worker processes: each closes the same days as every other. */
export class Runs {
  readonly #worker: URL
  readonly #processes: number

  constructor(worker: URL, processes: number) {
    this.#worker = worker
    this.#processes = processes
  }

  /** Closes the incident's day in every process at once. */
  async closeDay(side: Side, approach: Approach): Promise<DayCount> {
    await this.#close(side, approach, THE_DAY)
    return countDay(side)
  }

  /** Closes the incident's day in a process that is killed midway, then in every process. */
  async crash(side: Side, approach: Approach): Promise<Crashed> {
    const task = { url: side.url, approach, days: THE_DAY, actor: 'killed', dies: true }
    await forkWorkers<CloseTask, CloseResult>(this.#worker, [task]).then(
      () => {
        throw new Error('The process that should have been killed came to its end.')
      },
      (error: unknown) => {
        if (!String(error).includes('SIGKILL')) throw error
      },
    )
    return { left: await countDay(side), after: await this.closeDay(side, approach) }
  }

  /** Closes two weeks of the book in every process at once. */
  async closeBook(side: Side, approach: Approach): Promise<BookCount> {
    await this.#close(side, approach, BOOK_DAYS)
    const { rows } = await side.pool.query(
      'SELECT count(*)::int AS made FROM portfolio_snapshots WHERE portfolio_id = ANY ($1)',
      [BOOK_DAYS.portfolioIds],
    )
    const days = await selectTradingDays(side.pool, BOOK_DAYS)
    const breaks = await listBreaks(side.pool, BOOK_DAYS.portfolioIds)
    return {
      snapshots: Number(rows[0]?.made),
      meant: days.length * BOOK.portfolios,
      broken: new Set(breaks.map(({ portfolioId }) => portfolioId)).size,
    }
  }

  async #close({ url }: Side, approach: Approach, days: CloseTask['days']): Promise<void> {
    const tasks = Array.from({ length: this.#processes }, (_, n): CloseTask => {
      return { url, approach, days, actor: `run ${n + 1}` }
    })
    await forkWorkers<CloseTask, CloseResult>(this.#worker, tasks)
  }
}

/** What a replay came to: the breaks before, those left, and the day. */
export interface Replayed {
  readonly found: number
  readonly left: number
  readonly after: DayCount
}

/** Replays the incident's portfolio: preview, then apply. */
export async function replayIncident(side: Side): Promise<Replayed> {
  const portfolioId = INCIDENT_PORTFOLIO
  const found = await listBreaks(side.pool, [portfolioId])
  const once = await onceover({ db: side.pool })
  const { plan } = await planReplay(side.pool, portfolioId)
  await applyReplay({ once }, { portfolioId, plan, reason: 'four runs of one day', actor: 'demo' })
  await once.close()
  const left = await listBreaks(side.pool, [portfolioId])
  return { found: found.length, left: left.length, after: await countDay(side) }
}

/** Plants the incident's duplicates, and repairs them. */
export async function repairSide(side: Side): Promise<IncidentRepair> {
  await plantDuplicates(side.pool)
  const once = await onceover({ db: side.pool })
  await once.migrate()
  return repairIncident({ once, pool: side.pool }).finally(() => once.close())
}
