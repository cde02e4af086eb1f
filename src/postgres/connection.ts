import type pg from 'pg'
import { OnceoverError } from '../core/error.ts'
import { HangingUpClient } from './client.ts'
import { failure } from './failure.ts'
import { type DatabaseInput, isClient, isPool } from './handle.ts'
import { Session } from './session.ts'

/** One connection of its own, outside every pool. */
export interface Connection {
  readonly session: Session
  /** Lets the process end while the connection is open and nothing else is left to do. */
  unref(): void
  close(): Promise<void>
}

const KEEP_ALIVE_DELAY_MS = 10_000

const passwordOf = ({ password }: pg.ClientConfig): pg.ClientConfig =>
  password === undefined ? {} : { password }

function configOf(input: DatabaseInput, target: string): pg.ClientConfig {
  if (typeof input === 'string') return { connectionString: input }
  // pg hides the password of a pool from whoever copies its options.
  if (isPool(input)) return { ...input.options, ...passwordOf(input.options) }
  if (isClient(input)) {
    const { user, password, host, port, database, ssl, options } = (
      input as unknown as { connectionParameters: pg.ClientConfig }
    ).connectionParameters
    return { user, password, host, port, database, ssl, options } as pg.ClientConfig
  }
  throw new OnceoverError('HANDLE_INVALID', {
    message: `A bare { query } object cannot open a connection of its own to ${target}.`,
    fix: 'Pass a URL, a pg Pool or a pg Client as `db`.',
  })
}

/**
 * Opens a connection beside whatever the database was given as: what runs on it waits for nobody.
 *
 * @param timeoutMs how long to wait for the connection, and for the answer to a statement
 * @throws OnceoverError HANDLE_INVALID for a bare `{ query }`, and what connecting can fail with
 */
export async function connect(
  input: DatabaseInput,
  target: string,
  timeoutMs?: number,
): Promise<Connection> {
  const client = new HangingUpClient({
    ...configOf(input, target),
    application_name: 'onceover',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    ...(timeoutMs !== undefined && {
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    }),
  })
  // A connection that dies while idle is noticed by the next statement.
  client.on('error', () => {})
  await client.connect().catch((error: unknown) => {
    throw failure(error, target)
  })
  return {
    session: new Session(client, target, false),
    unref: () => client.unref(),
    close: () => client.end().catch(() => {}),
  }
}
