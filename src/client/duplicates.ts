import type { Door } from '../core/door.ts'
import { scan } from '../duplicates/scan.ts'
import type { ScanReport } from '../duplicates/scan-report.ts'
import { type Enforced, enforce } from '../enforcement/enforce.ts'
import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'

/** The duplicates that stand, and the index that stops the next one. */
export interface DuplicateMethods {
  /** Scans guarded tables; reads only, and needs no schema of ours. */
  scan(guards: Guard | readonly Guard[]): Promise<readonly ScanReport[]>
  /** Makes the unique index of a guard where none covers it; lists the duplicates in its way. */
  enforce(guard: Guard): Promise<Enforced>
}

/** Makes the methods on one database. */
export const duplicateMethods = (database: Database, door: Door): DuplicateMethods => {
  return {
    scan: async (guards) => {
      door.enter([guards].flat())
      return scan(database, [guards].flat())
    },
    enforce: async (guard) => {
      door.enter([guard])
      return enforce(database, guard)
    },
  }
}
