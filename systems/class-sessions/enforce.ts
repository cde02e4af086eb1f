import { groupClasses, roster, series, sessions } from './guards.ts'
import type { School } from './school.ts'
import { settleBranches } from './series.ts'

const GUARDS = [sessions, series, groupClasses, roster] as const

/**
 * Puts the four unique indexes in place, after giving every series its effective branch.
 *
 * @throws OnceoverError DUPLICATES_EXIST, with the duplicates, while there are any
 */
export async function enforceGuards({ once, pool }: School): Promise<void> {
  await settleBranches(pool)
  for (const guard of GUARDS) await once.enforce(guard)
}
