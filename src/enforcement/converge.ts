import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'
import type { Applied } from '../repair/apply.ts'
import { type RestOptions, repairRest } from '../repair/rest.ts'
import { enforce } from './enforce.ts'
import type { Enforced } from './enforced.ts'
import type { EnforceOptions } from './options.ts'

/** How a guard is enforced, and whether what stands in its way is repaired. */
export interface ConvergeOptions
  extends EnforceOptions,
    Pick<RestOptions, 'reason' | 'actor' | 'batchMs' | 'walBytesPerS'> {
  /**
   * True: duplicates are repaired behind the gate as the guard declares it, without a plan to
   * review, and writers go on all the while. Each repair can be undone. Needs our schema.
   */
  readonly repair?: boolean
}

/** An enforced guard, and the repairs that it took. */
export interface Converged extends Enforced {
  /** Empty where nothing was repaired. */
  readonly repairs: readonly Applied[]
}

/**
 * Enforces a guard; where asked, it first repairs the duplicates in the way, as often as new ones
 * slip through. Killed at any point, it is called again and goes on.
 *
 * @throws OnceoverError what `enforce` throws, REPAIR_REFUSED, REPAIR_BLOCKED, NOT_MIGRATED
 */
export async function converge(
  database: Database,
  guard: Guard,
  { repair = false, reason, actor, batchMs, walBytesPerS, ...options }: ConvergeOptions = {},
): Promise<Converged> {
  const repairs: Applied[] = []
  if (!repair) return { ...(await enforce(database, guard, options)), repairs }
  const { signal, onProgress } = options
  const rest: RestOptions = {
    ...(reason !== undefined && { reason }),
    ...(actor !== undefined && { actor }),
    ...(batchMs !== undefined && { batchMs }),
    ...(walBytesPerS !== undefined && { walBytesPerS }),
    ...(signal && { signal }),
    onProgress: ({ done, rows }) =>
      onProgress?.({ guard: guard.name, step: 'repair', done, total: rows, blockers: [] }),
  }
  const enforced = await enforce(database, guard, {
    ...options,
    online: true,
    repair: async () => {
      repairs.push(...(await repairRest(database, guard, rest)))
    },
  })
  return { ...enforced, repairs }
}
