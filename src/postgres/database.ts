import type pg from 'pg'
import { OnceoverError } from '../core/error.ts'
import { failure } from './failure.ts'
import {
  type DatabaseInput,
  type Handle,
  isClient,
  isHandle,
  isPool,
  maskedTarget,
  openPool,
} from './handle.ts'
import { Session } from './session.ts'
import { type Lease, type TransactionOptions, transaction } from './transaction.ts'

/** A database, whatever it was given as. */
export interface Database {
  /** Where it leads, without a password. */
  readonly target: string
  /** Statements that each commit by themselves. */
  readonly session: Session
  /**
   * Runs `work` in a transaction of its own.
   *
   * @throws OnceoverError HANDLE_INVALID where the database was given as a bare `{ query }`, whose
   * BEGIN might reach another connection than the statement after it
   */
  transaction<T>(work: (handle: Handle) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Ends what this opened: nothing where a pool, client or handle was given. */
  close(): Promise<void>
}

const takeFromPool = (pool: pg.Pool, target: string) => async (): Promise<Lease> => {
  const client = await pool.connect().catch((error: unknown) => {
    throw failure(error, target)
  })
  return { client, release: (destroy) => client.release(destroy) }
}

// One client serves one transaction at a time: the others wait in line.
const takeInTurn = (client: pg.ClientBase) => {
  let last: Promise<void> = Promise.resolve()
  return (): Promise<Lease> => {
    const before = last
    let release: () => void = () => {}
    last = new Promise((resolve) => {
      release = resolve
    })
    return before.then(() => ({ client, release }))
  }
}

// A statement on a shared client waits for the open transaction: inside it, it could poison it.
const handleInTurn = (client: pg.ClientBase, take: () => Promise<Lease>): Handle => ({
  query: async (text, values) => {
    const { release } = await take()
    return client.query(text, values).finally(() => release(false))
  },
})

const refuseTransaction = async (): Promise<Lease> => {
  throw new OnceoverError('HANDLE_INVALID', {
    message: 'A bare { query } object cannot open a transaction: it may change connections.',
    fix: 'Pass a pg Pool, a pg Client or a URL as `db`, or this object as `handle` of the call.',
  })
}

/**
 * Opens a URL, or wraps a pg Pool, a pg Client or a `{ query }` object.
 *
 * @throws OnceoverError HANDLE_INVALID, DATABASE_URL_INVALID
 */
export function openDatabase(input: DatabaseInput): Database {
  if (!(typeof input === 'string' || isHandle(input))) {
    throw new OnceoverError('HANDLE_INVALID', { message: 'This is not a database handle.' })
  }
  const target = maskedTarget(input)
  const build = (handle: Handle, take: () => Promise<Lease>, close = async () => {}): Database => ({
    target,
    session: new Session(handle, target),
    transaction: (work, options) => transaction(take, target, work, options),
    close,
  })
  if (typeof input === 'string') {
    const pool = openPool(input)
    return build(pool, takeFromPool(pool, target), () => pool.end())
  }
  if (isPool(input)) return build(input, takeFromPool(input, target))
  if (!isClient(input)) return build(input, refuseTransaction)
  const take = takeInTurn(input)
  return build(handleInTurn(input, take), take)
}
