import type { Door } from '../core/door.ts'
import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'
import { type Applied, type ApplyOptions, applyRepair } from '../repair/apply.ts'
import { type PlanOptions, planRepair } from '../repair/plan.ts'
import type { RepairPlan } from '../repair/repair-plan.ts'
import { type RepairFilter, repairs, type StoredRepair } from '../repair/stored.ts'
import { type Undone, type UndoOptions, undoRepair } from '../repair/undo.ts'

/** Repairs: a plan, its apply, its undo. */
export interface RepairMethods {
  /**
   * Plans the repair of a guard's duplicates: freezes which rows go and which stay, and says what
   * hangs on them and what stands in the way. No row of yours is changed.
   */
  planRepair(guard: Guard, options?: PlanOptions): Promise<RepairPlan>
  /**
   * Applies a plan in batches; called again after a crash, it goes on. Rows that changed since the
   * plan was made are refused.
   */
  applyRepair(guard: Guard, plan: RepairPlan, options?: ApplyOptions): Promise<Applied>
  /** Undoes a repair, in one transaction: removed rows and their children come back. */
  undoRepair(repair: string, options?: UndoOptions): Promise<Undone>
  /** Repairs with their plans, newest first. */
  repairs(filter?: RepairFilter): Promise<readonly StoredRepair[]>
}

/** Makes the methods on one database. */
export const repairMethods = (database: Database, door: Door): RepairMethods => {
  return {
    planRepair: async (guard, given = {}) => {
      door.enter([guard], given)
      return planRepair(database, guard, given)
    },
    applyRepair: async (guard, plan, given = {}) => {
      door.enter([guard], given)
      return applyRepair(database, guard, plan, given)
    },
    undoRepair: async (repair, given = {}) => {
      door.enter([], given)
      return undoRepair(database, repair, given)
    },
    repairs: async (filter = {}) => {
      door.enter([], filter)
      return repairs(database.session, filter)
    },
  }
}
