import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { OnceoverError } from '../index.ts'
import type { ServerContext } from './context.ts'
import { Feed } from './feed.ts'
import { Metrics } from './metrics.ts'
import { openapi } from './openapi.ts'
import { checkServerOptions, type ServerOptions } from './options.ts'
import { pageFile } from './page.ts'
import { answerProblem, problemOf } from './problem.ts'
import { answer, type Route, read, route } from './route.ts'
import { aboutRoutes } from './routes/about.ts'
import { healthRoutes } from './routes/health.ts'
import { liveRoutes } from './routes/live.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { runRoutes } from './routes/runs.ts'
import {
  type Caller,
  callerOf,
  checkOrigin,
  readJson,
  requireWrite,
  SECURITY_HEADERS,
} from './security.ts'
import { UnderwayRegister } from './underway.ts'

/** The API and the dashboard, as anything that answers a fetch request. */
export interface Server {
  readonly options: ServerOptions
  /** Answers a request; never throws. */
  fetch(request: Request): Promise<Response>
  /**
   * Stops the long work that was started here, ends streams, and answers nothing any more. The
   * `once` that it was given stays open.
   */
  close(): Promise<void>
}

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

const ROUTES: readonly Route[] = [...aboutRoutes(version), ...runRoutes, ...liveRoutes]

const documented: Route = route({
  method: 'get',
  path: '/openapi.json',
  summary: 'This document.',
  tag: 'about',
  answers: { 200: { description: 'OpenAPI 3.1.' } },
  handle: () => answer(200, openapi([...ROUTES, documented], version)),
})

const NOBODY: Caller = { actor: null, write: false }

function tell(context: ServerContext, request: Request, error: unknown): void {
  const { logger } = context.options
  const { status, code } = problemOf(error)
  const facts = { method: request.method, path: new URL(request.url).pathname, status, code }
  if (status >= 500) logger?.error({ ...facts, error }, 'onceover: a request failed')
  else logger?.info(facts, 'onceover: a request was refused')
}

async function counted(context: ServerContext, each: Route, request: Request, params: object) {
  const started = performance.now()
  const count = (status: number) => {
    const seconds = (performance.now() - started) / 1000
    context.metrics.count(each.path, request.method, status, seconds)
  }
  try {
    const response = await handled(context, each, request, params)
    count(response.status)
    return response
  } catch (error) {
    count(problemOf(error).status)
    throw error
  }
}

async function handled(context: ServerContext, each: Route, request: Request, params: object) {
  const { options } = context
  const caller = each.open ? NOBODY : callerOf(request, options)
  if (each.writes ?? each.method === 'post') requireWrite(caller)
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const body = each.body ? await readJson(request, options) : undefined
  const asked = {
    params: read(each.params, params, 'path'),
    query: read(each.query, query, 'query'),
    body: read(each.body, body, 'body'),
    caller,
    signal: AbortSignal.any([request.signal, context.closing]),
    request,
  }
  const { status, body: told, headers } = await each.handle(asked, context)
  if (told instanceof Response) return told
  return new Response(JSON.stringify(told), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

function routed(context: ServerContext): Hono {
  const app = new Hono({ getPath: (request) => pathOf(request, context.options) })
  const paths = new Set<string>()
  const mount = (each: Route, path: string) => {
    paths.add(path)
    app.on(each.method.toUpperCase(), path, (c) => counted(context, each, c.req.raw, c.req.param()))
  }
  for (const each of [...ROUTES, documented]) mount(each, `/api${each.path}`)
  for (const each of [...healthRoutes, ...metricsRoutes]) mount(each, each.path)
  for (const path of paths) {
    app.all(path, (c) => {
      throw new OnceoverError('METHOD_REFUSED', {
        message: `${c.req.method} means nothing at ${c.req.path}.`,
      })
    })
  }
  app.get('*', async (c, next) => (await pageFile(c.req.path)) ?? next())
  app.notFound((c) => {
    throw new OnceoverError('ROUTE_NOT_FOUND', { message: `There is nothing at ${c.req.path}.` })
  })
  app.onError((error) => {
    throw error
  })
  return app
}

function pathOf({ url }: Request, { basePath = '' }: ServerOptions): string {
  const { pathname } = new URL(url)
  if (pathname === basePath) return '/'
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : '/outside'
}

/** The page has relative URLs: without a slash at its end they would lead beside it. */
function withSlash({ url, method }: Request, { basePath = '' }: ServerOptions) {
  const { pathname } = new URL(url)
  if (basePath === '' || pathname !== basePath || method !== 'GET') return undefined
  return new Response(null, { status: 308, headers: { location: `${basePath}/` } })
}

function secured(response: Response): Response {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value)
  return response
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
  const { once, logger } = options
  const feed = new Feed(once)
  const underway = new UnderwayRegister(
    (state) => feed.tell({ kind: 'underway', ...state }),
    (error, { guard, what }) => logger?.error({ error, guard, what }, 'onceover: work failed'),
  )
  const metrics = new Metrics({ once, feed, underway })
  const closing = controller.signal
  const context: ServerContext = { options, once, closing, underway, feed, metrics }
  const app = routed(context)
  return {
    options,
    fetch: async (request) => {
      try {
        if (controller.signal.aborted) {
          throw new OnceoverError('CLOSED', { message: 'The server was closed.' })
        }
        checkOrigin(request, options)
        return secured(withSlash(request, options) ?? (await app.fetch(request)))
      } catch (error) {
        tell(context, request, error)
        return secured(answerProblem(problemOf(error)))
      }
    },
    close: async () => {
      controller.abort()
      await feed.close()
      await context.underway.close()
    },
  }
}
