import type { Applied, Guard, Onceover } from 'onceover'
import type { Asker } from './generate.ts'
import { groupClasses, roster, series, sessions } from './guards.ts'
import type { School } from './school.ts'
import { settleBranches } from './series.ts'

/**
 * The guards in the order of their repair. Series come first: as long as duplicates of them are
 * ACTIVE, a generator makes again what a repair of the sessions removes.
 */
const GUARDS = [series, sessions, groupClasses, roster] as const

/**
 * Puts the incident right: later duplicates of a series are paused, later duplicates of a session
 * removed. Guards without duplicates are left alone. What was done can be undone, row by row.
 *
 * @returns one repair for each guard that had duplicates, in the order in which they were applied
 */
export async function repairSchool(
  { once, pool }: School,
  asker: Asker = {},
): Promise<readonly Applied[]> {
  // A series that leaves its branch open is a duplicate that the key does not see.
  await settleBranches(pool)
  const applied: Applied[] = []
  for (const guard of GUARDS) {
    if (await hasDuplicates(once, guard)) applied.push(await repairGuard(once, guard, asker))
  }
  return applied
}

async function hasDuplicates(once: Onceover, guard: Guard): Promise<boolean> {
  const [report] = await once.scan(guard)
  return report !== undefined && report.duplicates.excess > 0
}

async function repairGuard(once: Onceover, guard: Guard, asker: Asker): Promise<Applied> {
  const plan = await once.planRepair(guard, asker)
  return once.applyRepair(guard, plan, asker)
}

/**
 * Takes a repair back: the unique indexes go first, because what comes back are duplicates; then
 * the repairs, the last one first.
 */
export async function undoSchool(
  { once }: School,
  applied: readonly Applied[],
  { actor }: Asker = {},
): Promise<void> {
  for (const guard of GUARDS) await once.unenforce(guard)
  for (const { repair } of applied.toReversed()) {
    await once.undoRepair(repair, actor === undefined ? {} : { actor })
  }
}
