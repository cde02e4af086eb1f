import { createHash, timingSafeEqual } from 'node:crypto'
import { OnceoverError } from '../index.ts'
import type { ServerOptions, Token } from './options.ts'

/** Who asks, and whether they may change anything. */
export interface Caller {
  /** Null where nobody had to say who they are. */
  readonly actor: string | null
  readonly write: boolean
}

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Headers of every answer. The page loads nothing from elsewhere and runs no script but its own
 * files; no other page may frame it.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
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

const hostWithoutPort = (host: string): string => host.replace(/:\d+$/, '')

const isListed = (host: string, hosts: readonly string[]): boolean =>
  hosts.includes(host) || hosts.includes(hostWithoutPort(host))

/**
 * Refuses a request that came by another name than the server's, or from a page of another origin:
 * a page of a stranger can have its own name lead to 127.0.0.1 (DNS rebinding).
 *
 * @throws OnceoverError HOST_REFUSED, ORIGIN_REFUSED
 */
export function checkOrigin(
  { headers, url }: Request,
  { hosts = LOOPBACK, origins = [] }: Pick<ServerOptions, 'hosts' | 'origins'>,
): void {
  const host = (headers.get('host') ?? new URL(url).host).toLowerCase()
  if (!isListed(host, hosts)) {
    throw new OnceoverError('HOST_REFUSED', {
      message: 'This server is not asked by that name.',
    })
  }
  const origin = headers.get('origin')
  const own = origin !== null && URL.canParse(origin) && new URL(origin).host === host
  const foreign = origin !== null && !own && !origins.includes(origin)
  const site = headers.get('sec-fetch-site')
  const strange = origin === null && site !== null && !['same-origin', 'none'].includes(site)
  if (!foreign && !strange) return
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

const DEFAULT_BODY_BYTES = 1_048_576

async function bytesOf(request: Request, most: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new OnceoverError('BODY_TOO_LARGE', { message: `The body has more than ${most} bytes.` })
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge()
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.byteLength
    if (size > most) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/**
 * The JSON of a request. Only application/json: a form of another site cannot send that without
 * being asked for it first.
 *
 * @throws OnceoverError BODY_NOT_JSON, BODY_TOO_LARGE
 */
export async function readJson(
  request: Request,
  { bodyLimitBytes = DEFAULT_BODY_BYTES }: Pick<ServerOptions, 'bodyLimitBytes'>,
): Promise<unknown> {
  const [type] = (request.headers.get('content-type') ?? '').split(';')
  const refused = (message: string) => new OnceoverError('BODY_NOT_JSON', { message })
  if (type?.trim().toLowerCase() !== 'application/json') {
    throw refused('The body is not sent as application/json.')
  }
  const bytes = await bytesOf(request, bodyLimitBytes)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refused('The body is no JSON.')
  }
}
