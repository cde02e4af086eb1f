import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { OnceoverError } from '../core/error.ts'
import { failure, isReadTimeout } from './failure.ts'
import type { Transaction } from './handle.ts'
import { isRetryable, SQLSTATE, sqlstate } from './sqlstates.ts'

/** A client for the length of one transaction; `release(true)` destroys it. */
export interface Lease {
  readonly client: pg.ClientBase
  release(destroy: boolean): void
}

/** How a transaction is run. */
export interface TransactionOptions {
  /** Runs of the whole transaction after 40001 or 40P01 before giving up. Default 0. */
  readonly retries?: number
  /** `read only` looks at one moment of the data: REPEATABLE READ READ ONLY. Default read-write. */
  readonly mode?: 'read write' | 'read only'
  /** Milliseconds that it may wait for its client before the server ends it. Default: no limit. */
  readonly idleMs?: number
  /** Whether it fails once its connection is lost, though `work` still runs. Default false. */
  readonly abandon?: boolean
}

const BEGIN = {
  // Without READ WRITE: it would lift a default_transaction_read_only set on purpose.
  'read write': 'BEGIN ISOLATION LEVEL READ COMMITTED',
  'read only': 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
} as const

const RETRY_BASE_MS = 10
const RETRY_CAP_MS = 1_000

const status = (client: pg.ClientBase): string | null =>
  (client as { getTransactionStatus?: () => string | null }).getTransactionStatus?.() ?? null

// Of one's own, a transaction begins with the message that its first statement comes in.
const ALONE = 'SELECT pg_catalog.now() = pg_catalog.statement_timestamp() AS alone'

// Older copies of pg do not say, and BEGIN inside a transaction is a mere warning.
async function askForTransaction(client: pg.ClientBase): Promise<boolean> {
  try {
    const { rows } = await client.query(ALONE)
    return !rows[0]?.alone
  } catch (error) {
    if (sqlstate(error) === SQLSTATE.inFailedSqlTransaction) return true
    throw error
  }
}

async function isInTransaction(client: pg.ClientBase): Promise<boolean> {
  const known = status(client)
  return known === null ? askForTransaction(client) : known !== 'I'
}

const beginning = ({ mode = 'read write', idleMs }: TransactionOptions): string =>
  idleMs === undefined
    ? BEGIN[mode]
    : `${BEGIN[mode]}; SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`

async function begin(client: pg.ClientBase, options: TransactionOptions, target: string) {
  const taken = await isInTransaction(client).catch((error: unknown) => {
    throw failure(error, target)
  })
  if (taken) {
    throw new OnceoverError('CLIENT_IN_TRANSACTION', {
      message: `The client of ${target} is already inside a transaction.`,
    })
  }
  await client.query(beginning(options)).catch((error: unknown) => {
    throw failure(error, target)
  })
}

// A COMMIT of a failed transaction answers without error, with the tag ROLLBACK.
async function commit(client: pg.ClientBase, target: string) {
  if (status(client) === 'I') {
    throw new OnceoverError('TRANSACTION_ENDED_EARLY', {
      message: `A statement inside the transaction on ${target} ended it.`,
    })
  }
  const { command } = await client.query('COMMIT').catch((cause: unknown) => {
    const error = failure(cause, target)
    // Only PostgreSQL can say that it did not commit.
    if (error.details.sqlstate !== undefined && error.code !== 'CONNECTION_LOST') throw error
    throw new OnceoverError('COMMIT_UNKNOWN', {
      message: `No answer to COMMIT came, so it may or may not have happened. ${error.message}`,
      details: error.details,
      cause,
    })
  })
  if (command !== 'COMMIT') {
    throw new OnceoverError('COMMIT_ROLLED_BACK', {
      message: `PostgreSQL answered ${command} to COMMIT: an earlier statement had failed.`,
    })
  }
}

// A client that cannot roll back is destroyed: its next borrower would inherit the transaction.
async function rollback(client: pg.ClientBase, error: unknown): Promise<boolean> {
  if (status(client) === 'I') return true
  const done = client.query('ROLLBACK').then(
    () => true,
    () => false,
  )
  // It would wait behind a statement that still runs, for as long as that one was waited for.
  return isReadTimeout(error) ? false : done
}

const closable = (
  client: pg.ClientBase,
  target: string,
): [handle: Transaction, close: () => void] => {
  let open = true
  const handle: Transaction = {
    query: async <Row>(text: string, values?: unknown[]) => {
      if (open) {
        const { rows, rowCount } = await client.query(text, values)
        return { rows: rows as Row[], rowCount }
      }
      throw new OnceoverError('HANDLE_NOT_IN_TRANSACTION', {
        message: `The transaction of this handle on ${target} has ended.`,
        fix: 'Await every statement before the transaction function returns.',
      })
    },
  }
  return [handle, () => (open = false)]
}

async function once<T>(
  lease: Lease,
  options: TransactionOptions,
  target: string,
  work: (handle: Transaction) => Promise<T>,
): Promise<T> {
  const { client } = lease
  const [handle, close] = closable(client, target)
  // A client that dies between two statements emits an error that would end the process.
  let die = (_: unknown) => {}
  const died = new Promise<never>((_, reject) => {
    die = (error) => reject(failure(error, target))
  })
  died.catch(() => {})
  client.on('error', die)
  let began = false
  let healthy = true
  try {
    await begin(client, options, target)
    began = true
    const working = work(handle)
    const result = await (options.abandon ? Promise.race([working, died]) : working)
    close()
    await commit(client, target)
    return result
  } catch (error) {
    close()
    // One that was handed out inside somebody's transaction must not go back to the pool.
    healthy = began ? await rollback(client, error) : status(client) === 'I'
    throw error
  } finally {
    client.off('error', die)
    lease.release(!healthy)
  }
}

const jitterMs = (attempt: number): number =>
  Math.random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** attempt)

/**
 * Runs `work` in a transaction of its own: BEGIN, work, COMMIT with its tag checked. On an error
 * it rolls back, or destroys the client where that is impossible. `work` may run several times
 * when `retries` is above 0, so it must have no effect outside the database.
 *
 * @throws OnceoverError COMMIT_ROLLED_BACK, COMMIT_UNKNOWN, CLIENT_IN_TRANSACTION,
 * TRANSACTION_ENDED_EARLY, and whatever `work` throws
 */
export async function transaction<T>(
  take: () => Promise<Lease>,
  target: string,
  work: (handle: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { retries = 0 } = options
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(await take(), options, target, work)
    } catch (error) {
      if (attempt >= retries || !isRetryable(error)) throw error
      await sleep(jitterMs(attempt))
    }
  }
}
