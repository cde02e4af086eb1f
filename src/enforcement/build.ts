import type { Inspection } from '../guards/inspect.ts'
import { sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { Connections } from './connections.ts'
import type { Enforcement } from './enforcement.ts'
import type { Form } from './form.ts'
import { withShortLocks } from './lock-retry.ts'
import { dropIndexDdl, indexDdl } from './queries.ts'
import { buildFailure, nameTaken } from './refusals.ts'
import { selectTaken } from './standing/queries.ts'
import { type Branch, type BranchIndex, indexNamed, lookAround } from './standing.ts'
import { selectLockHolders } from './watch/queries.ts'
import { blockersOf, watched } from './watch.ts'

/** What every part of an online build works on. */
export interface Build {
  readonly enforcement: Enforcement
  readonly connections: Connections
  readonly inspection: Inspection
  readonly form: Form
}

/** An index to build on a branch. */
export interface BranchWanted {
  readonly name: string
  readonly unique: boolean
}

const formOf = ({ form }: Build, { unique }: BranchWanted): string =>
  unique ? form.unique : form.plain

/** Whether an index is what a build would make, by its definition. */
export const isAsWanted = (build: Build, wanted: BranchWanted, index: BranchIndex): boolean =>
  index.unique === wanted.unique && index.form === formOf(build, wanted)

/** Drops an index on the way; one that somebody still builds ends the wait for its lock. */
export const dropIndex = (build: Build, { quoted, table }: BranchIndex): Promise<unknown> => {
  const { enforcement, connections } = build
  return withShortLocks(
    enforcement,
    connections.session,
    [table],
    () => connections.session.query(sql.raw(dropIndexDdl(quoted))),
    true,
  )
}

async function refuseTaken(build: Build, branch: Branch, { name }: BranchWanted): Promise<void> {
  const { connections, inspection } = build
  const taken = await connections.session.query(selectTaken(branch.schema, name, [branch.oid]))
  if (taken.length > 0) throw nameTaken(inspection.guard, name)
}

/**
 * Waits for whoever builds an index of this name, and drops what a failed build left of it.
 *
 * @returns true where a valid one stands
 * @throws OnceoverError INDEX_NAME_TAKEN, ENFORCE_TIMED_OUT, ENFORCE_STOPPED
 */
async function settle(build: Build, branch: Branch, wanted: BranchWanted): Promise<boolean> {
  const { enforcement, connections, inspection } = build
  for (let attempt = 0; ; attempt++) {
    const found = indexNamed(await lookAround(connections.session, inspection), branch, wanted.name)
    if (!found) {
      await refuseTaken(build, branch, wanted)
      return false
    }
    if (!isAsWanted(build, wanted, found)) throw nameTaken(inspection.guard, wanted.name)
    if (found.valid) return true
    if (!found.building) await dropIndex(build, found)
    else {
      const holders = selectLockHolders([branch.oid], false)
      enforcement.tell({ blockers: await blockersOf(connections.session, holders) })
      await enforcement.pause(attempt)
    }
  }
}

const DEADLOCKS = 5

/**
 * Builds an index on a branch while its writers go on, where none stands.
 *
 * @returns the DDL that ran, or undefined where the index stood
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE, INDEX_NAME_TAKEN, ENFORCE_TIMED_OUT,
 * ENFORCE_STOPPED; QUERY_FAILED with 23505 where duplicates are in the way
 */
export async function buildIndex(
  build: Build,
  branch: Branch,
  wanted: BranchWanted,
): Promise<string | undefined> {
  const { enforcement, connections, inspection } = build
  const ddl = indexDdl(inspection, { ...wanted, on: branch.quoted, concurrently: true })
  for (let attempt = 0; ; attempt++) {
    if (await settle(build, branch, wanted)) return undefined
    try {
      await watched(enforcement, connections, sql.raw(ddl))
      return ddl
    } catch (error) {
      // Two builds on one table wait for each other's snapshots.
      const again = sqlstate(error) === SQLSTATE.deadlockDetected && attempt < DEADLOCKS
      if (!again) throw buildFailure(inspection.guard, error)
      await enforcement.pause(attempt)
    }
  }
}
