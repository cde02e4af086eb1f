import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OnceoverError } from '../index.ts'
import type { Server } from './app.ts'
import { handlerOf } from './node-handler.ts'
import { LOOPBACK_NAMES } from './security.ts'

/** Where to listen. */
export interface ListenOptions {
  /** Default 4100; 0 takes any free one. */
  readonly port?: number
  /** Default 127.0.0.1. Anything but loopback needs tokens and the names it is asked by. */
  readonly host?: string
  /** How long the headers of a request may take, in milliseconds. Default: 10,000. */
  readonly headersMs?: number
}

/** A server that answers. */
export interface Listening {
  /** Such as `http://127.0.0.1:4100/`. */
  readonly url: string
  /** Ends it and the work that it started; the `once` that it was given stays open. */
  close(): Promise<void>
}

const DEFAULT_PORT = 4100
const HTTP_PORT = 80

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::', ''])

// Slow requests must not hold sockets for ever; streams are answers, and not meant by these.
const HEADERS_MS = 10_000
const REQUEST_MS = 30_000

function checkExposure({ options }: Server, host: string): void {
  if (LOOPBACK.has(host)) return
  const missing =
    (options.tokens ?? []).length === 0
      ? 'tokens (--token-file): whoever reaches it could read every key'
      : EVERYWHERE.has(host) &&
        (options.hosts ?? []).length === 0 &&
        'hosts (--allow-host): the names by which it may be asked'
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

const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host.toLowerCase())

/** The names by which a listener is asked, besides those that it was given. */
function namesOf(host: string, port: number): readonly string[] {
  const names = EVERYWHERE.has(host) ? LOOPBACK_NAMES : [...LOOPBACK_NAMES, inUrl(host)]
  const exact = names.map((name) => `${name}:${port}`)
  return port === HTTP_PORT ? [...names, ...exact] : exact
}

async function bind(http: HttpServer, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => reject(failed(error, host, port)))
    http.listen(port, host, resolve)
  })
  const { port: bound } = http.address() as AddressInfo
  return bound
}

async function close(http: HttpServer, server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()))
  try {
    await server.close()
  } finally {
    http.closeAllConnections()
    await closed
  }
}

/**
 * Listens with a server, on 127.0.0.1 unless asked otherwise. It may be asked by the names of
 * loopback and of its own address with exactly its port, and by the `hosts` of the server.
 *
 * @throws OnceoverError SERVER_INVALID for an address that others reach without tokens,
 * LISTEN_FAILED
 */
export async function listen(
  server: Server,
  { port = DEFAULT_PORT, host = '127.0.0.1', headersMs = HEADERS_MS }: ListenOptions = {},
): Promise<Listening> {
  checkExposure(server, host)
  let hosts: readonly string[] = []
  const http = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: Math.max(headersMs, REQUEST_MS),
      connectionsCheckingInterval: headersMs / 2,
    },
    handlerOf((request) => server.fetchAs(hosts, request), server.options),
  )
  const bound = await bind(http, host, port)
  hosts = [...(server.options.hosts ?? []), ...namesOf(host, bound)]
  const name = inUrl(EVERYWHERE.has(host) ? '127.0.0.1' : host)
  return {
    url: `http://${name}:${bound}${server.options.basePath ?? ''}/`,
    close: () => close(http, server),
  }
}
