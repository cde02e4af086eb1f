import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { cancelBackend } from '../postgres/stoppable.ts'
import type { Connections } from './connections.ts'
import type { Enforcement } from './enforcement.ts'
import type { Blocker } from './options.ts'
import { selectBlockers, selectProgress } from './watch/queries.ts'

const POLL_MS = 250

interface ProgressRow {
  readonly phase: string
  readonly done: string
  readonly total: string
}

/** The sessions that a statement finds, or none where it cannot be asked now. */
export const blockersOf = (session: Session, statement: Sql): Promise<readonly Blocker[]> =>
  session.query<Blocker & Record<string, unknown>>(statement).catch(() => [])

async function look(enforcement: Enforcement, { watcher, pid }: Connections): Promise<void> {
  const blockers = await blockersOf(watcher, selectBlockers(pid))
  const [row] = await watcher.query<ProgressRow>(selectProgress(pid)).catch(() => [])
  // Once it is being cancelled nobody is in its way any more.
  if (enforcement.over) return
  enforcement.tell({
    blockers,
    ...(row && { phase: row.phase }),
    ...(row && Number(row.total) > 0 && { done: Number(row.done), total: Number(row.total) }),
  })
}

/**
 * Runs a long statement on the session of an enforcement while its watcher looks on: it tells how
 * far the statement is and who is in its way, and cancels it once the enforcement must end.
 *
 * @throws OnceoverError ENFORCE_TIMED_OUT, ENFORCE_STOPPED, and what the statement fails with
 */
export async function watched(
  enforcement: Enforcement,
  connections: Connections,
  statement: Sql,
): Promise<void> {
  enforcement.require()
  const ended = new AbortController()
  const running = connections.session.query(statement).finally(() => ended.abort())
  // It is awaited below; until then nobody listens.
  running.catch(() => {})
  while (!ended.signal.aborted) {
    await look(enforcement, connections)
    if (enforcement.over && !ended.signal.aborted) {
      await connections.watcher.query(cancelBackend(connections.pid)).catch(() => {})
    }
    await sleep(POLL_MS, undefined, { signal: ended.signal }).catch(() => {})
  }
  await running.catch((error: unknown) => {
    if (enforcement.over) throw enforcement.failure()
    throw error
  })
}
