import { OnceoverError } from '../core/error.ts'
import { countDuplicates } from '../duplicates/scan.ts'
import type { Guard } from '../guards/guard.ts'
import { inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { type Applied, type ApplyOptions, applyRepair } from './apply.ts'
import { type PlanOptions, planRepair } from './plan.ts'
import type { RepairPlan } from './repair-plan.ts'
import { repairs } from './stored.ts'

/** How the duplicates of a guard are repaired without a plan to review. */
export type RestOptions = PlanOptions & Omit<ApplyOptions, 'onDrift'>

const PASSED_OVER: ReadonlySet<string> = new Set(['PLAN_DRIFTED', 'JOURNAL_DROPPED'])

function refuseStandstill(guard: Guard, { removed, changed, left, why, repair }: Applied): void {
  if (removed + changed > 0 || left.groups === 0) return
  const reasons = Object.entries(why).map(([reason, rows]) => `${rows} ${reason}`)
  throw new OnceoverError('REPAIR_BLOCKED', {
    message:
      `${left.excess} duplicates of ${guard.name} cannot be removed: ` +
      `${reasons.join('; ') || 'they came while they were repaired'}.`,
    details: { guard: guard.name, repair, why, left },
  })
}

// A plan of a table, or of a guard, that is another now cannot be gone on with: a new one is made
// for the rest, and what was applied of the old one can still be undone.
async function goOn(
  database: Database,
  guard: Guard,
  plan: RepairPlan,
  options: ApplyOptions,
): Promise<readonly Applied[]> {
  try {
    return [await applyRepair(database, guard, plan, options)]
  } catch (error) {
    if (error instanceof OnceoverError && PASSED_OVER.has(error.code)) return []
    throw error
  }
}

/**
 * Repairs the duplicates that a guard has now: goes on with an apply that was killed, then plans
 * and applies what is left. Rows that change meanwhile are left to the next call.
 *
 * @returns what each repair came to; empty where there was nothing to do
 * @throws OnceoverError REPAIR_REFUSED, REPAIR_BLOCKED where no row could be removed, and what
 * applying throws
 */
export async function repairRest(
  database: Database,
  guard: Guard,
  options: RestOptions = {},
): Promise<readonly Applied[]> {
  const applied: Applied[] = []
  const { reason, actor, ...pace } = options
  const apply = { ...pace, ...(actor !== undefined && { actor }), onDrift: 'skip' } as const
  for (const { plan } of await repairs(database.session, {
    guard: guard.name,
    state: 'applying',
  })) {
    applied.push(...(await goOn(database, guard, plan, apply)))
  }
  const left = await database.read(async (session) =>
    countDuplicates(session, await inspect(session, guard)),
  )
  if (left.groups === 0 || options.signal?.aborted) return applied
  const plan = await planRepair(database, guard, {
    ...(reason !== undefined && { reason }),
    ...(actor !== undefined && { actor }),
  })
  const done = await applyRepair(database, guard, plan, apply)
  refuseStandstill(guard, done)
  return [...applied, done]
}
