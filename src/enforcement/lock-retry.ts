import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { Enforcement } from './enforcement.ts'
import { begin, commit, limitHold, limitLockWait, rollback } from './queries.ts'
import { selectLockHolders } from './watch/queries.ts'
import { blockersOf } from './watch.ts'

const CONTENTION: ReadonlySet<string | undefined> = new Set([
  SQLSTATE.lockNotAvailable,
  SQLSTATE.deadlockDetected,
  SQLSTATE.serializationFailure,
])

/** True where a statement failed because of what others hold, and may succeed later. */
export const isContention = (error: unknown): boolean => CONTENTION.has(sqlstate(error))

// A cancel that was meant for the statement before may arrive late.
const isPassing = (error: unknown): boolean =>
  isContention(error) || sqlstate(error) === SQLSTATE.queryCanceled

/** Runs work in a transaction of a session that is in none. */
export async function inTransaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query(begin)
  try {
    const result = await work()
    await session.query(commit)
    return result
  } catch (error) {
    // Where the connection is gone, the first error says so.
    await session.query(rollback).catch(() => {})
    throw error
  }
}

/**
 * Runs DDL in a transaction that gives up soon on a lock, and tries again until the deadline: a
 * lock that is waited for stands in the way of everyone behind it.
 *
 * @param tables oids of the tables whose locks it needs
 * @param readers whether it also waits for those who only read
 * @throws OnceoverError ENFORCE_TIMED_OUT naming who holds the locks, ENFORCE_STOPPED
 */
export async function withShortLocks<T>(
  enforcement: Enforcement,
  session: Session,
  tables: readonly string[],
  work: (attempt: number) => Promise<T>,
  readers = false,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    enforcement.require()
    try {
      return await inTransaction(session, async () => {
        await session.query(limitLockWait())
        await session.query(limitHold(attempt))
        return work(attempt)
      })
    } catch (error) {
      if (!isPassing(error)) throw error
      enforcement.tell({ blockers: await blockersOf(session, selectLockHolders(tables, readers)) })
    }
    await enforcement.pause(attempt)
  }
}
