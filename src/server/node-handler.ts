import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Server } from './app.ts'

/** What Express and Connect add to a request of Node. */
interface Mounted extends IncomingMessage {
  /** The whole URL, also below a mount point. */
  readonly originalUrl?: string
  /** What a parser of bodies that came before made of the body. */
  readonly body?: unknown
  rawBody?: Buffer
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

/**
 * A server as a handler of Node's own http, Express or Connect:
 *
 * ```ts
 * app.use('/ops', nodeHandler(server({ once, guards })))
 * ```
 */
export function nodeHandler(
  server: Server,
): (request: IncomingMessage, response: ServerResponse) => void {
  const listener = getRequestListener(server.fetch, { overrideGlobalObjects: false })
  return (request: Mounted, response) => {
    const { originalUrl, url = '/', body } = request
    // The URLs of the page are relative: without a slash at its end they would lead beside it.
    if (originalUrl !== undefined && pathOf(url) === '/' && !pathOf(originalUrl).endsWith('/')) {
      response.writeHead(308, { location: `${pathOf(originalUrl)}/` }).end()
      return
    }
    // A parser that came before has read the stream to its end.
    if (body !== undefined && request.readableEnded) {
      request.rawBody = Buffer.from(JSON.stringify(body))
    }
    void listener(request, response)
  }
}
