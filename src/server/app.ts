import { Hono } from 'hono'
import { OnceoverError } from '../index.ts'
import { API } from './api.ts'
import { pathOf, slashed } from './base-path.ts'
import type { ServerContext } from './context.ts'
import { Convoy, type Told } from './convoy.ts'
import { failureFacts } from './failure.ts'
import { Feed } from './feed.ts'
import { HeavyReads } from './heavy-reads.ts'
import { Matrices } from './matrices.ts'
import { Metrics } from './metrics.ts'
import { checkServerOptions, type ServerOptions } from './options.ts'
import { pageFile } from './page.ts'
import { answerProblem, problemOf } from './problem.ts'
import { checkHost, checkOrigin, LOOPBACK_NAMES, secured } from './security.ts'
import { Selections } from './selections.ts'
import { serveRoute } from './serve-route.ts'
import { UnderwayRegister } from './underway.ts'

/** The API and the dashboard, as anything that answers a fetch request. */
export interface Server {
  readonly options: ServerOptions
  /** Answers a request; never throws. */
  fetch(request: Request): Promise<Response>
  /**
   * As `fetch`, for a listener that knows by which names it is asked, in lower case; one without a
   * port stands for every port.
   */
  fetchAs(hosts: readonly string[], request: Request): Promise<Response>
  /**
   * Stops the long work that was started here, ends streams, and answers nothing any more. The
   * `once` that it was given stays open.
   */
  close(): Promise<void>
}

function tell({ options }: ServerContext, request: Request, error: unknown): void {
  const { logger, redact } = options
  const { status, code } = problemOf(error)
  const facts = { method: request.method, path: new URL(request.url).pathname, status, code }
  if (status < 500) logger?.info(facts, 'onceover: a request was refused')
  else logger?.error({ ...facts, error: failureFacts(error, redact) }, 'onceover: a request failed')
}

// Beside the place where the server is mounted: no path of ours is called so.
const OUTSIDE = '*'

function routed(context: ServerContext): Hono {
  const { options } = context
  const app = new Hono({ getPath: (request) => pathOf(request, options) ?? OUTSIDE })
  const methods = new Map<string, readonly string[]>()
  for (const { path, route } of API) {
    const method = route.method.toUpperCase()
    const own = method === 'GET' ? ['GET', 'HEAD'] : [method]
    methods.set(path, [...(methods.get(path) ?? []), ...own])
    app.on(method, path, (c) => serveRoute(context, route, c.req.raw, c.req.param()))
  }
  for (const [path, allow] of methods) {
    app.all(path, (c) => {
      throw new OnceoverError('METHOD_REFUSED', {
        message: `${c.req.raw.method} means nothing at ${c.req.path}.`,
        details: { allow },
      })
    })
  }
  app.get('*', async (c, next) => (await pageFile(c.req.path)) ?? next())
  app.notFound((c) => {
    const { pathname } = new URL(c.req.url)
    throw new OnceoverError('ROUTE_NOT_FOUND', { message: `There is nothing at ${pathname}.` })
  })
  app.onError((error) => {
    throw error
  })
  return app
}

/** The page has relative URLs: without a slash at its end they would lead beside it. */
function withSlash({ url, method }: Request, { basePath = '' }: ServerOptions) {
  if (basePath === '' || new URL(url).pathname !== basePath) return undefined
  if (method !== 'GET' && method !== 'HEAD') return undefined
  return new Response(null, { status: 308, headers: { location: slashed(basePath) } })
}

function contextOf(options: ServerOptions, closing: AbortSignal): ServerContext {
  const { once, logger, redact } = options
  const heavy = new HeavyReads()
  const matrices = new Matrices(once, heavy)
  const feed = new Feed(once, () => matrices.recheck())
  const underway = new UnderwayRegister(
    (state) => feed.tell({ kind: 'underway', ...state }),
    (error, { guard, what }) =>
      logger?.error({ error: failureFacts(error, redact), guard, what }, 'onceover: work failed'),
  )
  const metrics = new Metrics({ once, feed, underway })
  const selections = new Selections()
  const convoy = new Convoy<Told>()
  return { options, once, closing, underway, feed, metrics, matrices, heavy, selections, convoy }
}

/**
 * Serves what Onceover knows and does on one database: an API, and the dashboard that is made of
 * it. Read-only unless `write` is set.
 *
 * @throws OnceoverError SERVER_INVALID naming what cannot be served, or not safely
 */
export function server(options: ServerOptions): Server {
  checkServerOptions(options)
  const controller = new AbortController()
  const context = contextOf(options, controller.signal)
  const app = routed(context)
  const fetchAs = async (hosts: readonly string[], request: Request): Promise<Response> => {
    try {
      checkHost(request, hosts)
      checkOrigin(request, options)
      if (controller.signal.aborted) {
        throw new OnceoverError('CLOSED', { message: 'The server was closed.' })
      }
      return secured(withSlash(request, options) ?? (await app.fetch(request)))
    } catch (error) {
      tell(context, request, error)
      const answer = secured(answerProblem(problemOf(error)))
      return request.method === 'HEAD' ? new Response(null, answer) : answer
    }
  }
  return {
    options,
    fetch: (request) => fetchAs(options.hosts ?? LOOPBACK_NAMES, request),
    fetchAs,
    close: async () => {
      controller.abort()
      await context.feed.close()
      await context.underway.close()
    },
  }
}
