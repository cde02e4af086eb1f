import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { OnceoverError } from '../index.ts'
import type { Server } from './app.ts'
import { slashed } from './base-path.ts'
import { answerProblem, problemOf } from './problem.ts'
import { secured } from './security.ts'

/** What Express and Connect add to a request of Node. */
interface Mounted extends IncomingMessage {
  /** The whole URL, also below a mount point. */
  readonly originalUrl?: string
  /** What a parser of bodies that came before made of the body. */
  readonly body?: unknown
  rawBody?: Buffer
}

/** A server as Node's http calls it. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

/** The bytes of a body that was parsed. */
function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function redirect(response: ServerResponse, location: string): void {
  const { headers } = secured(new Response())
  response.writeHead(308, { ...Object.fromEntries(headers), location }).end()
}

// What is no request at all never comes to the server.
const unreadable = (): Response =>
  secured(
    answerProblem(
      problemOf(
        new OnceoverError('INPUT_INVALID', {
          message: 'The address of the request cannot be read.',
          fix: 'Send a path that begins with a slash, and the header Host.',
        }),
      ),
    ),
  )

/** Anything that answers requests as a handler of Node's http. */
export function handlerOf(
  fetch: Server['fetch'],
  { basePath = '' }: Pick<Server['options'], 'basePath'>,
): NodeHandler {
  const listener = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    errorHandler: unreadable,
  })
  return (request: Mounted, response) => {
    const { originalUrl, url = '/', body, method } = request
    const path = pathOf(originalUrl ?? url)
    const isRead = method === 'GET' || method === 'HEAD'
    // The URLs of the page are relative: without a slash at its end they would lead beside it.
    if (isRead && originalUrl !== undefined && pathOf(url) === '/' && !path.endsWith('/')) {
      return redirect(response, slashed(path))
    }
    // The server was told its place and reads whole paths; the mount took its own part away.
    if (originalUrl !== undefined && basePath !== '') request.url = originalUrl
    // A parser that came before has read the stream to its end.
    if (body !== undefined && request.readableEnded) request.rawBody = bytesOf(body)
    void listener(request, response)
  }
}

/**
 * A server as a handler of Node's own http, Express or Connect:
 *
 * ```ts
 * app.use('/ops', nodeHandler(server({ once, guards })))
 * ```
 */
export const nodeHandler = (server: Server): NodeHandler => handlerOf(server.fetch, server.options)
