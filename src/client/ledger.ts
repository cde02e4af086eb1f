import { registrationOf, rename } from '../claims/register.ts'
import type { Door } from '../core/door.ts'
import type { Guard } from '../guards/guard.ts'
import { type Cancelled, type CancelOptions, cancel } from '../runs/cancel.ts'
import {
  type ClaimFilter,
  claims,
  type RunFilter,
  type RunStatus,
  runs,
  type StoredClaim,
  type StoredRun,
  status,
} from '../runs/list.ts'
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
  /** One run, with what it holds now and what its external calls came to. */
  status(run: string): Promise<RunStatus>
  /** The ledger's claims, the latest first. */
  claims(filter?: ClaimFilter): Promise<readonly StoredClaim[]>
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
    status: async (id) => {
      door.enter([])
      return status(database.session, id)
    },
    claims: async (filter = {}) => {
      door.enter([], filter)
      return claims(database.session, filter)
    },
    renameGuard: async (from, to) => {
      door.enter([to])
      const inspection = await environment.inspect(to, database.session)
      environment.registered.clear()
      return rename(database, from, registrationOf(inspection))
    },
  }
}
