import { countDuplicates } from '../duplicates/scan.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import { type Database, endWithTheClient } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { asEnforced, type Enforced } from './enforced.ts'
import type { Enforcement } from './enforcement.ts'
import { makeKeyFunctions } from './key-functions.ts'
import { isContention } from './lock-retry.ts'
import {
  constraintDdl,
  indexDdl,
  limitHold,
  limitLockWait,
  selectTurnHolders,
  tryTurnInTransaction,
} from './queries.ts'
import { buildFailure, listDuplicates, refuseObstacle } from './refusals.ts'
import { selectLockHolders, selectSessions } from './watch/queries.ts'
import { blockersOf } from './watch.ts'

/** Why a try came to nothing: it is somebody else's turn, the lock was held, rows came in. */
type Missed = 'turn' | 'lock' | 'duplicates'

/** Leaves the transaction of a try, which takes everything in it back. */
class Leave extends Error {
  readonly to: Missed | 'online'

  constructor(to: Missed | 'online') {
    super(to)
    this.to = to
  }
}

async function build(session: Session, inspection: Inspection, constraint: boolean) {
  const { guard, table } = inspection
  const functions = await makeKeyFunctions(session, inspection)
  const index = constraint
    ? constraintDdl(inspection)
    : indexDdl(inspection, { name: guard.index, on: table.quoted, unique: true })
  await session.query(limitHold())
  await session.query(sql.raw(index)).catch((error: unknown) => {
    const state = sqlstate(error)
    if (state === SQLSTATE.queryCanceled) throw new Leave('online')
    if (state === SQLSTATE.uniqueViolation) throw new Leave('duplicates')
    throw buildFailure(guard, error)
  })
  return [...functions, index].join(';\n')
}

async function tryOnce(
  session: Session,
  { work }: Enforcement,
  first: Inspection,
): Promise<Enforced> {
  const { guard, table } = first
  await session.query(endWithTheClient)
  await session.query(limitLockWait())
  const [turn] = await session.query<{ taken: boolean }>(tryTurnInTransaction(table.oid))
  if (!turn?.taken) throw new Leave('turn')
  const inspection = await inspect(session, guard)
  const already = asEnforced(inspection)
  if (already) return already
  refuseObstacle(inspection)
  // What a failed build left is for the online path to take away.
  if (inspection.coverage.invalid.some(({ name }) => name.startsWith(guard.index))) {
    throw new Leave('online')
  }
  const { groups } = await countDuplicates(session, inspection)
  if (groups > 0) throw new Leave(work.repair ? 'online' : 'duplicates')
  const ddl = await build(session, inspection, work.constraint === true)
  return { guard: guard.name, index: guard.index, created: true, ddl, left: [] }
}

/**
 * Makes the unique index of a guard in one transaction, for which writers wait. Neither the wait
 * for the lock nor the work under it is long: where a lock is held it tries again later, and where
 * the work takes long it leaves it to the online path.
 *
 * @returns undefined where it must be done online
 * @throws OnceoverError DUPLICATES_EXIST listing the largest groups, GUARD_NOT_ENFORCEABLE,
 * INDEX_NAME_TAKEN, ENFORCE_TIMED_OUT naming who holds the lock, ENFORCE_STOPPED
 */
export async function enforceLocked(
  database: Database,
  enforcement: Enforcement,
  first: Inspection,
): Promise<Enforced | undefined> {
  const { oid } = first.table
  enforcement.begin('build')
  for (let attempt = 0; ; attempt++) {
    enforcement.require()
    const done = await database
      .transaction((handle) => tryOnce(database.within(handle), enforcement, first))
      .catch((error: unknown) => {
        if (error instanceof Leave) return error.to
        if (isContention(error)) return 'lock' as const
        throw error
      })
    if (typeof done === 'object') return done
    if (done === 'online') return undefined
    const { session } = database
    if (done === 'duplicates') await listDuplicates(database, enforcement)
    if (done === 'lock') {
      enforcement.tell({ blockers: await blockersOf(session, selectLockHolders([oid], false)) })
    }
    if (done === 'turn') {
      const holders = await session.query<{ pid: number }>(selectTurnHolders(oid))
      const pids = holders.map(({ pid }) => pid)
      enforcement.tell({ blockers: await blockersOf(session, selectSessions(pids)) })
    }
    await enforcement.pause(attempt)
  }
}
