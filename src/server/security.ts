import { createHash, timingSafeEqual } from 'node:crypto'
import { OnceoverError } from '../index.ts'
import { pathOf } from './base-path.ts'
import type { ServerOptions, Token } from './options.ts'

/** Who asks, and whether they may change anything. */
export interface Caller {
  /** Null where nobody had to say who they are. */
  readonly actor: string | null
  readonly write: boolean
}

/** The names of this machine for itself, as a Host header has them. */
export const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
    ...["img-src 'self' data:", "font-src 'self'", "base-uri 'none'", "form-action 'none'"],
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/**
 * Gives an answer the headers of every answer. The page loads nothing from elsewhere and runs no
 * script but its own files; no other page may frame it; nothing is cached that does not say so.
 */
export function secured(response: Response): Response {
  const { headers } = response
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) headers.set(name, value)
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  return response
}

const withoutPort = (host: string): string => host.replace(/:\d+$/, '')

const hostOf = ({ headers, url }: Request): string =>
  (headers.get('host') ?? new URL(url).host).toLowerCase()

/**
 * Refuses a request that came by another name than the server's: a page of a stranger can have its
 * own name lead to 127.0.0.1 (DNS rebinding).
 *
 * @param hosts names in lower case; one without a port stands for every port
 * @throws OnceoverError HOST_REFUSED
 */
export function checkHost(request: Request, hosts: readonly string[]): void {
  const host = hostOf(request)
  if (hosts.includes(host) || hosts.includes(withoutPort(host))) return
  throw new OnceoverError('HOST_REFUSED', { message: 'This server is not asked by that name.' })
}

/** Whether a person follows a link to the page; what it then asks is asked by the page itself. */
const isVisit = (request: Request, options: Pick<ServerOptions, 'basePath'>): boolean =>
  request.method === 'GET' &&
  request.headers.get('sec-fetch-mode') === 'navigate' &&
  request.headers.get('sec-fetch-dest') === 'document' &&
  pathOf(request, options) === '/'

/** Whether an origin is that of the server; TLS may end before it, but not on loopback. */
function isOwn(request: Request, origin: string): boolean {
  const host = hostOf(request)
  if (origin === `${new URL(request.url).protocol}//${host}`) return true
  return origin === `https://${host}` && !LOOPBACK_NAMES.includes(withoutPort(host))
}

/**
 * Refuses a request that a page of another origin makes, be it to read or to write.
 *
 * @throws OnceoverError ORIGIN_REFUSED
 */
export function checkOrigin(
  request: Request,
  options: Pick<ServerOptions, 'basePath' | 'origins'>,
): void {
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (origin !== null && options.origins?.includes(origin)) return
  const foreign = origin !== null && !isOwn(request, origin)
  const strange = site !== null && site !== 'same-origin' && site !== 'none'
  if (!foreign && (!strange || isVisit(request, options))) return
  throw new OnceoverError('ORIGIN_REFUSED', {
    message: 'Pages of that origin may not ask this server.',
  })
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * The caller of a request. Every token is compared, each in constant time.
 *
 * @throws OnceoverError TOKEN_REFUSED where tokens are declared and none of them came
 */
export function callerOf(
  { headers }: Request,
  { tokens = [], write = false }: Pick<ServerOptions, 'tokens' | 'write'>,
): Caller {
  if (tokens.length === 0) return { actor: null, write }
  const [, sent = ''] = /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '') ?? []
  const hash = digest(sent)
  let found: Token | undefined
  for (const token of tokens) if (timingSafeEqual(hash, digest(token.token))) found = token
  if (!found) {
    throw new OnceoverError('TOKEN_REFUSED', { message: 'The request has no token that is known.' })
  }
  return { actor: found.actor, write: write && found.write === true }
}

/** @throws OnceoverError WRITE_REFUSED where the caller may read only */
export function requireWrite({ actor, write }: Caller): void {
  if (write) return
  throw new OnceoverError('WRITE_REFUSED', {
    message:
      actor === null ? 'This server is read-only.' : `${actor} may read from this server only.`,
  })
}
