import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'
import { OnceoverError } from '../core/error.ts'
import { type Connection, connect } from './connection.ts'
import { failure } from './failure.ts'
import {
  type DatabaseInput,
  type Handle,
  isClient,
  isHandle,
  isPool,
  maskedTarget,
  openPool,
  type Transaction,
} from './handle.ts'
import { Session } from './session.ts'
import { sql } from './sql.ts'
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
  transaction<T>(
    work: (handle: Transaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
  /** Statements of Onceover inside the transaction of a handle. */
  within(handle: Handle): Session
  /**
   * Runs `work` on one moment of the data: REPEATABLE READ READ ONLY, or whatever transaction a
   * bare `{ query }` is in.
   */
  read<T>(work: (session: Session) => Promise<T>): Promise<T>
  /**
   * Opens a connection of its own beside the others; whoever opened it closes it.
   *
   * @param timeoutMs how long to wait for the connection, and for the answer to a statement
   * @throws OnceoverError HANDLE_INVALID where the database was given as a bare `{ query }`
   */
  connect(timeoutMs?: number): Promise<Connection>
  /** Ends what this opened: nothing where a pool, client or handle was given. */
  close(): Promise<void>
}

/** A transaction that is open: its client, or how often it waits for another of its pool. */
interface Open {
  readonly client?: pg.ClientBase
  waits: number
}

// The open transactions that the current code runs in.
const inside = new AsyncLocalStorage<ReadonlySet<Open>>()
const openIn = new WeakMap<pg.Pool, Set<Open>>()

const isUsedUp = ({ totalCount, idleCount, options }: pg.Pool): boolean =>
  idleCount === 0 && totalCount >= (options.max ?? 1)

/** What a pool is asked for: never by transactions that hold all of its clients and wait. */
class Queue {
  readonly #pool: pg.Pool
  readonly #target: string
  readonly #open: Set<Open>

  constructor(pool: pg.Pool, target: string) {
    this.#pool = pool
    this.#target = target
    this.#open = openIn.get(pool) ?? new Set()
    openIn.set(pool, this.#open)
  }

  async ask<T>(work: () => Promise<T>): Promise<T> {
    const own = [...(inside.getStore() ?? [])].filter((each) => this.#open.has(each))
    for (const each of own) each.waits++
    try {
      if (own.length > 0) this.#refuseStandstill()
      return await work()
    } finally {
      for (const each of own) each.waits--
    }
  }

  async enter<T>(work: () => Promise<T>): Promise<T> {
    const own: Open = { waits: 0 }
    this.#open.add(own)
    return asInside(own, work).finally(() => this.#open.delete(own))
  }

  #refuseStandstill(): void {
    const waiting = [...this.#open].filter(({ waits }) => waits > 0).length
    if (!isUsedUp(this.#pool) || waiting < (this.#pool.options.max ?? 1)) return
    throw new OnceoverError('POOL_EXHAUSTED', {
      message:
        `All ${waiting} clients of the pool of ${this.#target} are in transactions that wait for ` +
        'another client: a call without `handle` inside a transaction needs one more.',
    })
  }
}

const takeFromPool = (pool: pg.Pool, target: string, queue: Queue) => async (): Promise<Lease> => {
  const client = await queue
    .ask(() => pool.connect())
    .catch((error: unknown) => {
      throw failure(error, target)
    })
  return { client, release: (destroy) => client.release(destroy) }
}

// One client serves one transaction at a time: the others wait in line.
const takeInTurn = (client: pg.ClientBase, target: string) => {
  let last: Promise<void> = Promise.resolve()
  return async (): Promise<Lease> => {
    if ([...(inside.getStore() ?? [])].some((each) => each.client === client)) {
      throw new OnceoverError('CLIENT_IN_TRANSACTION', {
        message: `Inside the transaction on ${target}, a call without \`handle\` waits for itself.`,
        fix: 'Pass the handle of the transaction as `handle`, or a Pool as the database.',
      })
    }
    const before = last
    let release: () => void = () => {}
    last = new Promise((resolve) => {
      release = resolve
    })
    await before
    return { client, release }
  }
}

// Code that outlives the transaction it was started in is no longer inside it.
const asInside = <T>(own: Open, work: () => Promise<T>): Promise<T> => {
  const all = new Set(inside.getStore()).add(own)
  return inside.run(all, work).finally(() => all.delete(own))
}

// A statement on a shared client waits for the open transaction: inside it, it could poison it.
const handleInTurn = (client: pg.ClientBase, take: () => Promise<Lease>): Handle => ({
  query: async (text, values) => {
    const { release } = await take()
    return client.query(text, values).finally(() => release(false))
  },
})

const refuseTransaction = async (): Promise<never> => {
  throw new OnceoverError('HANDLE_INVALID', {
    message: 'A bare { query } object cannot open a transaction: it may change connections.',
    fix: 'Pass a pg Pool, a pg Client or a URL as `db`, or this object as `handle` of the call.',
  })
}

/**
 * Ends a long statement of this transaction whose client is gone: it would run to its end for
 * nobody, and keep its locks. Windows cannot look for that.
 */
export const endWithTheClient = sql`
  SELECT set_config('client_connection_check_interval', '1s', true)
  WHERE version() ~ 'linux|darwin|freebsd'`

function assemble(
  input: DatabaseInput,
  target: string,
  handle: Handle,
  transactions: Database['transaction'],
  close = async () => {},
): Database {
  const within = (inner: Handle) => new Session(inner, target, true)
  return {
    target,
    session: new Session(handle, target, false),
    transaction: transactions,
    within,
    read: (work) =>
      transactions(
        async (inner) => {
          const session = within(inner)
          await session.query(endWithTheClient)
          return work(session)
        },
        { mode: 'read only' },
      ),
    connect: (timeoutMs) => connect(input, target, timeoutMs),
    close,
  }
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
  if (typeof input === 'string' || isPool(input)) {
    const pool = typeof input === 'string' ? openPool(input) : input
    const queue = new Queue(pool, target)
    const take = takeFromPool(pool, target, queue)
    const close = pool === input ? undefined : () => pool.end()
    const handle: Handle = { query: (text, values) => queue.ask(() => pool.query(text, values)) }
    const transactions: Database['transaction'] = (work, options) =>
      transaction(take, target, (inner) => queue.enter(() => work(inner)), options)
    return assemble(input, target, handle, transactions, close)
  }
  if (isClient(input)) {
    const take = takeInTurn(input, target)
    return assemble(input, target, handleInTurn(input, take), (work, options) =>
      transaction(
        take,
        target,
        (handle) => asInside({ client: input, waits: 0 }, () => work(handle)),
        options,
      ),
    )
  }
  const session = new Session(input, target, 'maybe')
  const bare = assemble(input, target, input, refuseTransaction)
  return { ...bare, session, read: (work) => work(session) }
}
