import { registrationOf, rename } from '../claims/register.ts'
import type { Door } from '../core/door.ts'
import type { Page } from '../core/page.ts'
import type { Guard } from '../guards/guard.ts'
import { type Cancelled, type CancelOptions, cancel } from '../runs/cancel.ts'
import {
  type ClaimCounts,
  type ClaimFilter,
  claimPage,
  claims,
  counts,
  type StoredClaim,
} from '../runs/claim-list.ts'
import {
  type RunFilter,
  type RunStatus,
  runPage,
  runs,
  type StoredRun,
  status,
} from '../runs/list.ts'
import { type UnitFilter, type UnitVerdict, unitsOf } from '../runs/units-of.ts'
import type { WorkEnvironment } from '../runs/work.ts'

/** What stands in the ledger, and what ends it. */
export interface LedgerMethods {
  /**
   * Cancels a run: its claims, running or failed, are cancelled and their keys free; what is done
   * stays done.
   */
  cancel(run: string, options?: CancelOptions): Promise<Cancelled>
  /** Runs of rows and of work, newest first. */
  runs(filter?: RunFilter): Promise<readonly StoredRun[]>
  /**
   * A page of them, in bounded time: where a filter has no index it looks at 500 runs, and
   * says how far it came.
   */
  searchRuns(filter?: RunFilter): Promise<Page<StoredRun>>
  /** One run, with what it holds now and what its external calls came to. */
  status(run: string): Promise<RunStatus>
  /** The verdict of each unit of a run, or of each of its rows, the newest first, in pages. */
  unitsOf(run: string, filter?: UnitFilter): Promise<Page<UnitVerdict>>
  /** The ledger's claims, the latest first. */
  claims(filter?: ClaimFilter): Promise<readonly StoredClaim[]>
  /** A page of them, in bounded time, as `searchRuns`. */
  searchClaims(filter?: ClaimFilter): Promise<Page<StoredClaim>>
  /**
   * How many claims want looking at, by the name of the guard; each is counted to a thousand. Of
   * all guards that have claims, where none are named.
   */
  counts(guards?: readonly (Guard | string)[]): Promise<Readonly<Record<string, ClaimCounts>>>
  /** Moves the claims of a guard that was renamed to its new name; answers with their number. */
  renameGuard(from: string, to: Guard): Promise<number>
}

/** Makes the methods on one database. */
export const ledgerMethods = (environment: WorkEnvironment, door: Door): LedgerMethods => {
  const { database } = environment
  return {
    cancel: async (id, given = {}) => {
      door.enter([], given)
      return cancel(environment, id, given)
    },
    runs: async (filter = {}) => {
      door.enter([], filter)
      return runs(database.session, filter)
    },
    searchRuns: async (filter = {}) => {
      door.enter([], filter)
      return runPage(database.session, filter)
    },
    unitsOf: async (run, filter = {}) => {
      door.enter([], filter)
      return unitsOf(database.session, run, filter)
    },
    status: async (id) => {
      door.enter([])
      return status(database.session, id)
    },
    claims: async (filter = {}) => {
      door.enter([], filter)
      return claims(database.session, filter)
    },
    searchClaims: async (filter = {}) => {
      door.enter([], filter)
      return claimPage(database.session, filter)
    },
    counts: async (guards) => {
      door.enter(guards?.filter((each) => typeof each !== 'string') ?? [])
      const names = guards?.map((each) => (typeof each === 'string' ? each : each.name))
      return counts(database.session, names)
    },
    renameGuard: async (from, to) => {
      door.enter([to])
      const inspection = await environment.inspect(to, database.session)
      environment.registered.clear()
      return rename(database, from, registrationOf(inspection))
    },
  }
}
