import type { Door } from '../core/door.ts'
import { type DuplicatePage, type DuplicatesOptions, duplicates } from '../duplicates/groups.ts'
import { type ScanOptions, scan } from '../duplicates/scan.ts'
import type { ScanReport } from '../duplicates/scan-report.ts'
import { type Converged, type ConvergeOptions, converge } from '../enforcement/converge.ts'
import { type EnforcementPlan, enforcementPlan } from '../enforcement/enforcement-plan.ts'
import { type Unenforced, type UnenforceOptions, unenforce } from '../enforcement/unenforce.ts'
import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'

/** The duplicates that stand, and the index that stops the next one. */
export interface DuplicateMethods {
  /**
   * Scans guarded tables; reads only, and needs no schema of ours. With `growth` it also reads when
   * the excess rows were made, in what rhythm and by what.
   */
  scan(guards: Guard | readonly Guard[], options?: ScanOptions): Promise<readonly ScanReport[]>
  /**
   * Reads the duplicate groups of a guard, in the order of their keys, with keeper and losers as
   * whole rows; reads only, and needs no schema of ours.
   */
  duplicates(guard: Guard, options?: DuplicatesOptions): Promise<DuplicatePage>
  /**
   * Makes the unique index of a guard where none covers it, while writers go on; lists the
   * duplicates in its way, or repairs them where `repair` says so.
   */
  enforce(guard: Guard, options?: ConvergeOptions): Promise<Converged>
  /** Says every statement that `enforce` would run, in order, with its reason and its lock. */
  enforcementPlan(guard: Guard, options?: ConvergeOptions): Promise<EnforcementPlan>
  /** Drops the guard's own index or constraint, and what a killed enforcement left. */
  unenforce(guard: Guard, options?: UnenforceOptions): Promise<Unenforced>
}

/** Makes the methods on one database. */
export const duplicateMethods = (database: Database, door: Door): DuplicateMethods => {
  return {
    scan: async (guards, options = {}) => {
      door.enter([guards].flat(), options)
      return scan(database, [guards].flat(), options)
    },
    duplicates: async (guard, given = {}) => {
      door.enter([guard], given)
      return duplicates(database, guard, given)
    },
    enforce: async (guard, given = {}) => {
      door.enter([guard], given)
      return converge(database, guard, given)
    },
    enforcementPlan: async (guard, given = {}) => {
      door.enter([guard], given)
      return enforcementPlan(database, guard, given)
    },
    unenforce: async (guard, given = {}) => {
      door.enter([guard], given)
      return unenforce(database, guard, given)
    },
  }
}
