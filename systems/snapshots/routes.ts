import { type Context, Hono } from 'hono'
import { duplicates } from 'onceover/hono'
import { z } from 'zod'
import { jsonBody, problem } from '../problem.ts'
import { listBreaks } from './breaks.ts'
import { PortfolioNotFoundError, PricesMissingError, ReplayDriftedError } from './errors.ts'
import { closeDays, type SnapshotSystem } from './generate.ts'
import { snapshots } from './guards.ts'
import { selectPortfolio, selectSnapshots } from './queries.ts'
import { applyReplay } from './replay.ts'
import { planReplay } from './replay-plan.ts'

const said = z.string().trim().min(1).max(500)
const day = z.iso.date()
const id = z.uuid()

const MAX_PORTFOLIOS = 1000
const ids = z.array(id).min(1).max(MAX_PORTFOLIOS)

const closing = z.strictObject({
  actor: said,
  reason: said.optional(),
  portfolioIds: ids.optional(),
})
const period = z.object({ from: day.optional(), until: day.optional() })
const replaying = z.strictObject({ plan: said, reason: said, actor: said })

/**
 * The HTTP routes of the system:
 *
 * - `POST /api/days/:day/close` closes a day → 200, or 207 where portfolios are behind
 * - `GET /api/portfolios/:id/snapshots?from=…&until=…` → 200, finished snapshots, newest first
 * - `GET /api/breaks?portfolio=…` → 200, where chains are broken
 * - `POST /api/portfolios/:id/replay/preview` → 200, the plan; writes nothing
 * - `POST /api/portfolios/:id/replay` → 200, the plan as applied; 409 where it has drifted, or a
 *   price is missing
 *
 * Errors are problem+json: 400 for input that does not fit, 404 for an unknown portfolio.
 */
export function snapshotRoutes(system: SnapshotSystem): Hono {
  const { once, pool } = system
  return new Hono()
    .use(duplicates({ once, guards: [snapshots] }))
    .post('/api/days/:day/close', async (c) => {
      const closed = day.parse(c.req.param('day'))
      const { portfolioIds, ...asked } = closing.parse(await jsonBody(c))
      const [answer] = await closeDays(system, { from: closed, until: closed, portfolioIds }, asked)
      const nothing = { day: closed, run: null, created: 0, skipped: 0, behind: [] }
      return c.json(answer ?? nothing, answer && answer.behind.length > 0 ? 207 : 200)
    })
    .get('/api/portfolios/:id/snapshots', async (c) => {
      const { from, until } = period.parse(c.req.query())
      const portfolio = await selectPortfolio(pool, id.parse(c.req.param('id')))
      const range = { ...(from && { from }), ...(until && { until }) }
      return c.json({ portfolio, snapshots: await selectSnapshots(pool, portfolio.id, range) })
    })
    .get('/api/breaks', async (c) => {
      const wanted = ids.optional().parse(c.req.queries('portfolio'))
      return c.json({ breaks: await listBreaks(pool, wanted) })
    })
    .post('/api/portfolios/:id/replay/preview', async (c) =>
      c.json(await planReplay(pool, id.parse(c.req.param('id')))),
    )
    .post('/api/portfolios/:id/replay', async (c) => {
      const portfolioId = id.parse(c.req.param('id'))
      const request = replaying.parse(await jsonBody(c))
      return c.json(await applyReplay({ once }, { portfolioId, ...request }))
    })
    .onError((error, c) => refused(c, error))
}

// What this system refuses itself has the shape that problem() gives to every other error.
function refused(context: Context, error: Error): Response {
  const answer = (status: 404 | 409, code: string): Response => {
    const title = code.toLowerCase().replaceAll('_', ' ')
    const document = { type: `about:blank#${code}`, title, status, detail: error.message, code }
    return context.body(JSON.stringify(document), status, {
      'content-type': 'application/problem+json',
    })
  }
  if (error instanceof PortfolioNotFoundError) return answer(404, 'UNKNOWN_PORTFOLIO')
  if (error instanceof ReplayDriftedError) return answer(409, 'REPLAY_DRIFTED')
  if (error instanceof PricesMissingError) return answer(409, 'PRICES_MISSING')
  return problem(context, error)
}
