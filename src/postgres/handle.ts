import pg from 'pg'
import { OnceoverError } from '../core/error.ts'

/** The rows of an answer, as the driver parsed them. */
export interface Answer {
  readonly rows: readonly Record<string, unknown>[]
  readonly rowCount: number | null
}

/**
 * Anything that runs a statement: a pg Client, or another driver's transaction wrapped to this
 * shape. `values` are the parameters $1, $2, ….
 */
export interface Handle {
  // Method syntax on purpose: drivers type `values` as mutable arrays of their own value types.
  query(text: string, values?: unknown[]): Promise<Answer>
}

/** What a database may be given as. */
export type DatabaseInput = string | pg.Pool | pg.ClientBase | Handle

/** A pg Pool, whichever copy of the package made it. */
export const isPool = (input: unknown): input is pg.Pool =>
  typeof input === 'object' &&
  input !== null &&
  'totalCount' in input &&
  'connect' in input &&
  'query' in input

/** A pg Client or a client taken from a Pool, whichever copy of the package made it. */
export const isClient = (input: unknown): input is pg.ClientBase =>
  typeof input === 'object' && input !== null && 'connectionParameters' in input && 'query' in input

/** An object with `query(text, values)`. */
export const isHandle = (input: unknown): input is Handle =>
  typeof input === 'object' &&
  input !== null &&
  typeof (input as { query?: unknown }).query === 'function'

const CONNECT_TIMEOUT_MS = 10_000

/**
 * A pool on a URL. A connection that dies while idle is dropped, not thrown.
 *
 * @throws OnceoverError DATABASE_URL_INVALID
 */
export function openPool(url: string): pg.Pool {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new OnceoverError('DATABASE_URL_INVALID', {
      message: 'The database URL cannot be read; it must start with postgres://.',
    })
  }
  const connectionTimeoutMillis = Number(
    new URL(url).searchParams.get('connect_timeout') ?? CONNECT_TIMEOUT_MS / 1000,
  )
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: connectionTimeoutMillis * 1000,
    application_name: 'onceover',
    keepAlive: true,
  })
  pool.on('error', () => {})
  return pool
}

const masked = (user = '', host = 'localhost', port: number | string = 5432, database = '') =>
  `postgres://${user && `${user}@`}${host}:${port}/${database}`

/** Where a database input leads, without its password: `postgres://user@host:port/database`. */
export function maskedTarget(input: DatabaseInput): string {
  if (typeof input === 'string') {
    const url = URL.canParse(input) ? new URL(input) : undefined
    const database = decodeURIComponent(url?.pathname.slice(1) ?? '')
    return url
      ? masked(decodeURIComponent(url.username), url.hostname, url.port || 5432, database)
      : 'an unreadable URL'
  }
  if (isPool(input)) {
    const { connectionString, user, host, port, database } = input.options
    return connectionString ? maskedTarget(connectionString) : masked(user, host, port, database)
  }
  if (isClient(input)) {
    const { user, host, port, database } = input as pg.Client
    return masked(user, host, port, database)
  }
  return 'the given handle'
}
