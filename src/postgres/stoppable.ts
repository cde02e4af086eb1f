import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'
import type { Database } from './database.ts'
import type { Session } from './session.ts'
import { sql } from './sql.ts'

const AGAIN_MS = 250

const backendPid = sql`SELECT pg_backend_pid() AS pid`

/** Cancels the statement of a backend. */
export const cancelBackend = (pid: number) => sql`SELECT pg_cancel_backend(${pid}::int)`

const stopped = (cause?: unknown): OnceoverError =>
  new OnceoverError('STOPPED', { message: 'The call was stopped by its signal.', cause })

// Between two statements there is nothing to cancel: the next one is, a moment later.
async function cancelUntil(ended: AbortSignal, database: Database, pid: number): Promise<void> {
  const connection = await database.connect()
  try {
    while (!ended.aborted) {
      await connection.session.query(cancelBackend(pid))
      await sleep(AGAIN_MS, undefined, { signal: ended }).catch(() => {})
    }
  } finally {
    await connection.close()
  }
}

/**
 * Does work in the transaction of a session; where its signal is aborted meanwhile, the statement
 * that runs is cancelled by a connection of its own. Of a bare `{ query }` none can be opened: the
 * work is done to its end then.
 *
 * @throws OnceoverError STOPPED, and what the work throws
 */
export async function stoppable<T>(
  database: Database,
  session: Session,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (!signal) return work()
  if (signal.aborted) throw stopped()
  const [own] = await session.query<{ pid: number }>(backendPid)
  const ended = new AbortController()
  let cancelling: Promise<void> | undefined
  const cancel = () => {
    cancelling = cancelUntil(ended.signal, database, own?.pid ?? 0).catch(() => {})
  }
  signal.addEventListener('abort', cancel, { once: true })
  // It may have been while the backend was asked for.
  if (signal.aborted) cancel()
  try {
    return await work()
  } catch (error) {
    throw signal.aborted ? stopped(error) : error
  } finally {
    signal.removeEventListener('abort', cancel)
    ended.abort()
    // The connection must not be another's before the last cancellation has come to it.
    await cancelling
  }
}
