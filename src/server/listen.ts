import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OnceoverError } from '../index.ts'
import type { Server } from './app.ts'
import { nodeHandler } from './node-handler.ts'

/** Where to listen. */
export interface ListenOptions {
  /** Default 4100; 0 takes any free one. */
  readonly port?: number
  /** Default 127.0.0.1. Anything but loopback needs tokens and the names it is asked by. */
  readonly host?: string
}

/** A server that answers. */
export interface Listening {
  /** Such as `http://127.0.0.1:4100/`. */
  readonly url: string
  /** Ends it and the work that it started; the `once` that it was given stays open. */
  close(): Promise<void>
}

const DEFAULT_PORT = 4100

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

// Slow requests must not hold sockets for ever; streams are answers, and not meant by these.
const HEADERS_MS = 10_000
const REQUEST_MS = 30_000

function checkExposure({ options }: Server, host: string): void {
  if (LOOPBACK.has(host)) return
  const missing =
    (options.tokens ?? []).length === 0
      ? 'tokens: whoever reaches it could read every key'
      : (options.hosts ?? []).length === 0 && 'hosts: the names by which it may be asked'
  if (!missing) return
  throw new OnceoverError('SERVER_INVALID', {
    message: `A server on ${host} needs ${missing}.`,
    fix: 'Give them, or listen on 127.0.0.1.',
    details: { host },
  })
}

const failed = (error: NodeJS.ErrnoException, host: string, port: number): OnceoverError =>
  new OnceoverError('LISTEN_FAILED', {
    message:
      error.code === 'EADDRINUSE'
        ? `Port ${port} of ${host} is taken by another program.`
        : `Cannot listen on ${host}:${port}: ${error.message}.`,
    details: { host, port },
    cause: error,
  })

/**
 * Listens with a server, on 127.0.0.1 unless asked otherwise.
 *
 * @throws OnceoverError SERVER_INVALID for an address that others reach without tokens,
 * LISTEN_FAILED
 */
export async function listen(
  server: Server,
  { port = DEFAULT_PORT, host = '127.0.0.1' }: ListenOptions = {},
): Promise<Listening> {
  checkExposure(server, host)
  const http = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
    nodeHandler(server),
  )
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => reject(failed(error, host, port)))
    http.listen(port, host, resolve)
  })
  const { port: bound } = http.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${bound}${server.options.basePath ?? ''}/`,
    close: async () => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()))
      await server.close()
      http.closeAllConnections()
      await closed
    },
  }
}
