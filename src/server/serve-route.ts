import { OnceoverError } from '../index.ts'
import { readJson } from './body.ts'
import type { ServerContext } from './context.ts'
import type { Told } from './convoy.ts'
import { jsonText } from './json.ts'
import { blamed, problemOf } from './problem.ts'
import { type Route, read } from './route.ts'
import { type Caller, callerOf, requireWrite } from './security.ts'

const NOBODY: Caller = { actor: null, write: false }

type Words = Readonly<Record<string, string>>

/** PostgreSQL stores no NUL: what has one names nothing that is there. */
function checkWords(words: Words, where: string): void {
  const wrong = Object.keys(words).find((name) => `${name}${words[name]}`.includes('\0'))
  if (wrong === undefined) return
  throw new OnceoverError('INPUT_INVALID', {
    message: `The ${where} has a NUL character, which no text has.`,
    fix: 'Leave it out.',
  })
}

async function handled(context: ServerContext, each: Route, request: Request, params: Words) {
  const { options, closing } = context
  const caller = each.open ? NOBODY : callerOf(request, options)
  if (each.writes ?? each.method === 'post') requireWrite(caller)
  const query = Object.fromEntries(new URL(request.url).searchParams)
  checkWords(params, 'path')
  checkWords(query, 'query')
  // Also where a route needs no body: a form of another site could send an empty one.
  const body = each.method === 'post' ? await readJson(request, options) : undefined
  const asked = {
    params: read(each.params, params, 'path'),
    query: read(each.query, query, 'query'),
    body: read(each.body, body, 'body'),
    caller,
    // Made when it is asked for: few routes do.
    get signal() {
      return AbortSignal.any([request.signal, closing])
    },
    request,
  }
  const tell = async (): Promise<Told> => {
    const handle = () => each.handle(asked, context)
    const { body: told, ...rest } = await (each.heavy ? context.heavy.run(handle) : handle())
    return { ...rest, body: told instanceof Response ? told : jsonText(told) }
  }
  const path = request.url.slice(new URL(request.url).origin.length)
  const told = await (each.shared ? context.convoy.get(path, tell) : tell())
  // Whoever changed something looks at what it came to.
  if (each.method === 'post') context.matrices.recheck()
  if (told.body instanceof Response) return told.body
  const headers = { 'content-type': 'application/json', ...told.headers }
  return new Response(told.body, { status: told.status, headers })
}

/**
 * Answers a request by its route: who may, what came, and what the route makes of it.
 *
 * @param params the parts of the path that the route names
 * @throws OnceoverError TOKEN_REFUSED, WRITE_REFUSED, BODY_NOT_JSON, BODY_TOO_LARGE, INPUT_INVALID,
 * and what the route throws
 */
export async function serveRoute(
  context: ServerContext,
  each: Route,
  request: Request,
  params: Words,
): Promise<Response> {
  const started = performance.now()
  const count = (status: number) => {
    const seconds = (performance.now() - started) / 1000
    context.metrics.count(each.path, request.method, status, seconds)
  }
  try {
    const response = await handled(context, each, request, params)
    count(response.status)
    // Only its headers are sent, and a stream would go on for nobody.
    if (request.method === 'HEAD') await response.body?.cancel()
    return response
  } catch (thrown) {
    const error = blamed(thrown)
    count(problemOf(error).status)
    throw error
  }
}
