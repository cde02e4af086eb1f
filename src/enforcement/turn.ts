import type { Inspection } from '../guards/inspect.ts'
import type { Connections } from './connections.ts'
import type { Enforcement } from './enforcement.ts'
import { selectTurnHolders, tryTurn } from './queries.ts'
import { selectSessions } from './watch/queries.ts'
import { blockersOf } from './watch.ts'

/**
 * Takes the turn of whoever enforces a guard on a table, until the connection is closed. It asks
 * again and again: a session that waited would hold a snapshot, and the index that the other one
 * builds would wait for that.
 *
 * @throws OnceoverError ENFORCE_TIMED_OUT naming who has the turn, ENFORCE_STOPPED
 */
export async function takeTurn(
  enforcement: Enforcement,
  { session }: Connections,
  { table }: Inspection,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const [turn] = await session.query<{ taken: boolean }>(tryTurn(table.oid))
    if (turn?.taken) return
    const holders = await session.query<{ pid: number }>(selectTurnHolders(table.oid))
    const pids = holders.map(({ pid }) => pid)
    enforcement.tell({ blockers: await blockersOf(session, selectSessions(pids)) })
    await enforcement.pause(attempt)
  }
}
