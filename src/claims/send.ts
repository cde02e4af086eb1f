import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'
import type { Database } from '../postgres/database.ts'
import { failure } from '../postgres/failure.ts'
import type { Sql } from '../postgres/sql.ts'

/**
 * Milliseconds that a transaction of the ledger may wait for its client before the server ends it:
 * one whose client is cut off would hold its locks, and everybody who wants those keys.
 */
export const IDLE_MS = 10_000

const CONFLICT_RETRIES = 10
const RESENDS = 60
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500

const UNANSWERED: ReadonlySet<string> = new Set([
  ...['COMMIT_UNKNOWN', 'CONNECTION_LOST', 'DATABASE_UNREACHABLE', 'DATABASE_SILENT'],
])

/** Whether the database never told how a statement ended. */
export const isUnanswered = (error: unknown): boolean =>
  // What a statement of save's threw comes as the driver wrote it.
  UNANSWERED.has(failure(error, '').code)

// The pool had no client in time, and nothing was sent. Without a cause it was refused: every
// client waits for another, and none would come free.
const isOutOfClients = (error: unknown): boolean =>
  error instanceof OnceoverError && error.code === 'POOL_EXHAUSTED' && error.cause !== undefined

/**
 * Does `work` again until the database answers, for about half a minute: a server that restarts
 * takes seconds. It must come to the same where it was done before.
 */
const untilAnswered = <Result>(work: () => Promise<Result>): Promise<Result> =>
  again(work, (error) => isUnanswered(error) || isOutOfClients(error))

/**
 * Does `work`, once a client of the pool is free for it: that others keep the clients is no failure
 * of a unit.
 *
 * @param work calls what it is given as soon as it has its client
 */
export function onceFree<Result>(work: (begin: () => void) => Promise<Result>): Promise<Result> {
  let begun = false
  const begin = () => {
    begun = true
  }
  return again(
    () => work(begin),
    (error) => !begun && isOutOfClients(error),
  )
}

async function again<Result>(
  work: () => Promise<Result>,
  retryable: (error: unknown) => boolean,
): Promise<Result> {
  for (let resend = 0; ; resend++) {
    try {
      return await work()
    } catch (error) {
      if (resend === RESENDS || !retryable(error)) throw error
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** resend))
    }
  }
}

/**
 * Runs one statement in a READ COMMITTED transaction of its own, again where its answer was lost:
 * it must come to the same where it ran before.
 */
export function send<Row>(database: Database, statement: Sql): Promise<readonly Row[]> {
  return untilAnswered(() =>
    database.transaction((handle) => database.within(handle).query<Row>(statement), {
      retries: CONFLICT_RETRIES,
      idleMs: IDLE_MS,
    }),
  )
}
