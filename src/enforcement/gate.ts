import { sql } from '../postgres/sql.ts'
import type { Build } from './build.ts'
import {
  closeGateFunctionDdl,
  GATE_MARK,
  gateFunctionDdl,
  gateTriggersDdl,
  giveGateFunctionDdl,
  selectGateFunction,
  selectOwnerToGive,
} from './gate/queries.ts'
import { withShortLocks } from './lock-retry.ts'
import { gateNames } from './names.ts'
import { awaitVacuum, limitHold, limitLockWait, lockBuilders } from './queries.ts'
import { nameTaken } from './refusals.ts'
import { lookAround } from './standing.ts'

/** Whose the function is that has the name of a guard's gate, where there is one. */
export async function gateStands({
  connections,
  inspection,
}: Pick<Build, 'connections' | 'inspection'>): Promise<'ours' | 'foreign' | undefined> {
  const [found] = await connections.session.query<{ body: string; elsewhere: boolean }>(
    selectGateFunction(inspection),
  )
  // One that another table's triggers call is its gate: replaced, it would fail its writers.
  return found && (found.body.startsWith(GATE_MARK) && !found.elsewhere ? 'ours' : 'foreign')
}

/** The statements that make a gate, in order. */
export async function gateDdl(
  build: Pick<Build, 'connections' | 'inspection' | 'form'>,
): Promise<readonly string[]> {
  const { connections, inspection, form } = build
  const [given] = await connections.session.query<{ owner: string }>(selectOwnerToGive(inspection))
  return [
    gateFunctionDdl(inspection, form),
    ...(given ? [giveGateFunctionDdl(inspection, given.owner)] : []),
    closeGateFunctionDdl(inspection),
    ...gateTriggersDdl(inspection),
  ]
}

/**
 * Puts a gate on the table: from then on a writer that makes a second row of a key is refused, as
 * the unique index will refuse it. Its lock is free only while no writer is under way, so that
 * every row written before it can be seen.
 *
 * Writers at REPEATABLE READ may have too old a view of the table, and a transaction of very many
 * rows goes without locks: what slips through then is found by the build of the index.
 *
 * @throws OnceoverError INDEX_NAME_TAKEN, ENFORCE_TIMED_OUT, ENFORCE_STOPPED
 */
export async function makeGate(build: Build): Promise<void> {
  const { enforcement, connections, inspection } = build
  const { session } = connections
  if ((await gateStands(build)) === 'foreign') {
    throw nameTaken(inspection.guard, gateNames(inspection.guard).function)
  }
  const { branches } = await lookAround(session, inspection)
  const oids = branches.map(({ oid }) => oid)
  const ddl = await gateDdl(build)
  await withShortLocks(enforcement, session, oids, async (attempt) => {
    // Autovacuum yields to this lock, and would not within the time that the next one waits.
    await session.query(awaitVacuum())
    await session.query(lockBuilders(inspection.table.quoted))
    await session.query(limitLockWait())
    await session.query(limitHold(attempt))
    for (const each of ddl) await session.query(sql.raw(each))
  })
}
