import type { Applied, Enforced, Onceover, RepairPlan } from 'onceover'
import { snapshots } from './guards.ts'

/** Who repairs, and why; kept with the repair. */
export interface Repairer {
  readonly actor: string
  readonly reason: string
}

/** What a repair was to do, and what it did. */
export interface Deduped {
  /** `plan.suspects` are the kept snapshots that do not chain: replay their portfolios. */
  readonly plan: RepairPlan
  readonly applied: Applied
}

/** Removes every snapshot of a day but the one that the guard keeps. */
export async function dedupe(once: Onceover, repairer: Repairer): Promise<Deduped> {
  const plan = await once.planRepair(snapshots, repairer)
  const applied = await once.applyRepair(snapshots, plan, { actor: repairer.actor })
  return { plan, applied }
}

/**
 * The upgrade of the schema: the guard as the constraint `uq_portfolio_snapshot_date`.
 *
 * @throws OnceoverError DUPLICATES_EXIST listing them, before anything is changed
 */
export const upgrade = (once: Onceover): Promise<Enforced> =>
  once.enforce(snapshots, { constraint: true })

/** The downgrade: the constraint goes, and what a repair removed comes back where one is named. */
export async function downgrade(once: Onceover, actor: string, repair?: string): Promise<void> {
  await once.unenforce(snapshots)
  if (repair !== undefined) await once.undoRepair(repair, { actor })
}
