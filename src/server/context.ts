import { type AnyGenerator, type Guard, type Onceover, OnceoverError } from '../index.ts'
import type { Convoy, Told } from './convoy.ts'
import type { Feed } from './feed.ts'
import type { HeavyReads } from './heavy-reads.ts'
import type { Matrices } from './matrices.ts'
import type { Metrics } from './metrics.ts'
import type { ServerOptions } from './options.ts'
import type { Selections } from './selections.ts'
import type { UnderwayRegister } from './underway.ts'

/** What every route works with. */
export interface ServerContext {
  readonly options: ServerOptions
  readonly once: Onceover
  readonly underway: UnderwayRegister
  readonly feed: Feed
  readonly metrics: Metrics
  readonly matrices: Matrices
  readonly heavy: HeavyReads
  readonly selections: Selections
  readonly convoy: Convoy<Told>
  /** Aborted when the server closes. */
  readonly closing: AbortSignal
}

/** @throws OnceoverError GUARD_NOT_FOUND */
export function guardOf({ options }: ServerContext, name: string): Guard {
  const found = options.guards.find((guard) => guard.name === name)
  if (found) return found
  throw new OnceoverError('GUARD_NOT_FOUND', {
    message: `There is no guard called ${name} here.`,
    details: { guard: name },
  })
}

/** The generator of a guard; undefined where its rows are inserted. */
export const findGenerator = (
  { options }: ServerContext,
  guard: string,
): AnyGenerator | undefined => options.generators?.find((each) => each.guard.name === guard)

/** @throws OnceoverError GUARD_NOT_FOUND, EXPECTED_MISSING for a guard that has no generator */
export function generatorOf(context: ServerContext, guard: string): AnyGenerator {
  guardOf(context, guard)
  const found = findGenerator(context, guard)
  if (found) return found
  throw new OnceoverError('INPUT_INVALID', {
    message: `${guard} has no generator on this server: its rows are inserted.`,
    fix: 'Create rows, or serve the generator of the guard.',
    details: { guard },
  })
}
