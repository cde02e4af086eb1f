import pg from 'pg'
import { OnceoverError } from '../core/error.ts'
import { HangingUpClient } from './client.ts'

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

/** The handle of a transaction that Onceover opened. */
export interface Transaction extends Handle {
  /** Runs a statement of the caller's; `Row` is what the caller says its rows are. */
  query<Row = Record<string, unknown>>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>
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

const CONNECT_TIMEOUT_S = 10
const KEEP_ALIVE_DELAY_MS = 10_000

const URL_PARTS = /^postgres(?:ql)?:\/\/([^/?#]*)([^?#]*)(.*)$/

const invalid = (message: string): OnceoverError =>
  new OnceoverError('DATABASE_URL_INVALID', { message })

// An unescaped / ? or # ends the password early, and the rest of it would be shown as a database.
function refuseMisread(url: string): void {
  const [, authority = '', path = '', rest = ''] = URL_PARTS.exec(url) ?? []
  if (!URL_PARTS.test(url)) {
    throw invalid('The database URL cannot be read; it must start with postgres://.')
  }
  if (!authority.includes('@') && (path || rest).includes('@')) {
    throw invalid('The database URL cannot be read; write / ? # in its password as %2F %3F %23.')
  }
}

// A Client that never connects: it reads URL, options and environment just as a connection will.
const unconnected = (config: pg.ClientConfig): pg.Client => new pg.Client(config)

function readUrl(url: string): pg.Client {
  refuseMisread(url)
  try {
    return unconnected({ connectionString: url })
  } catch (error) {
    // Without the cause: it carries the URL with its password.
    const words = error instanceof Error ? error.message : 'not a URL'
    throw invalid(`The database URL cannot be read: ${words}.`)
  }
}

function connectTimeoutMs(url: string): number {
  const given = /[?&]connect_timeout=([^&#]*)/.exec(url)?.[1] ?? String(CONNECT_TIMEOUT_S)
  if (!/^\d{1,6}$/.test(given)) throw invalid('connect_timeout is not a number of seconds.')
  return Number(given) * 1000
}

/**
 * A pool on a URL. A connection that dies while idle is dropped, not thrown.
 *
 * @throws OnceoverError DATABASE_URL_INVALID
 */
export function openPool(url: string): pg.Pool {
  readUrl(url)
  const pool = new pg.Pool({
    Client: HangingUpClient,
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs(url),
    application_name: 'onceover',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  })
  pool.on('error', () => {})
  return pool
}

const masked = ({ user, host, port, database }: pg.Client): string =>
  `postgres://${user ? `${user}@` : ''}${host}:${port}/${database ?? ''}`

const readable = (read: () => pg.Client): string => {
  try {
    return masked(read())
  } catch {
    return 'an unreadable URL'
  }
}

/**
 * Where a database input leads, without its password: `postgres://user@host:port/database`. What
 * the input leaves out comes from the environment (PGHOST, …), as it does for the connection.
 */
export function maskedTarget(input: DatabaseInput): string {
  if (typeof input === 'string') return readable(() => readUrl(input))
  if (isPool(input)) {
    const { connectionString, ...options } = input.options
    return readable(() => (connectionString ? readUrl(connectionString) : unconnected(options)))
  }
  return isClient(input) ? masked(input as pg.Client) : 'the given handle'
}
