import type { Claim } from '../claims/claim.ts'
import { stepsOf } from '../claims/step.ts'
import { OnceoverError } from '../core/error.ts'
import type { Taken } from './claim-units.ts'
import type { Work } from './work.ts'

/** A unit that was made. */
export interface Made {
  readonly taken: Taken
  readonly made: unknown
  readonly claim: Claim
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })

/**
 * Makes a unit. It is not waited for once its time is up, its lease lost or its run cancelled:
 * what it answers after that is dropped, and its claim can no longer be written under.
 *
 * @throws OnceoverError MAKE_TIMED_OUT, LEASE_LOST, RUN_CANCELLED, and what `make` throws
 */
export async function makeUnit(work: Work, taken: Taken): Promise<Made> {
  const { environment, generator, run } = work
  const { guard, options, timeoutMs } = generator
  const { grant, unit, lease } = taken
  const time = new AbortController()
  const timer = setTimeout(() => {
    time.abort(
      new OnceoverError('MAKE_TIMED_OUT', {
        message: `make of a unit of ${guard.name} took longer than ${timeoutMs} ms.`,
        details: { guard: guard.name, timeoutMs },
      }),
    )
  }, timeoutMs)
  const signal = AbortSignal.any([lease.watch(run), time.signal])
  const claim: Claim = {
    run,
    key: grant.key,
    fence: grant.fence,
    attempt: grant.attempt,
    signal,
    existing: grant.existing,
    step: stepsOf({
      database: environment.database,
      counters: environment.counters,
      claim: { guard: guard.name, hash: grant.hash, fence: grant.fence, lease: lease.id },
      run,
      generation: grant.generation,
      signal,
    }),
  }
  try {
    signal.throwIfAborted()
    if (!options.make) return { taken, made: undefined, claim }
    const making = Promise.resolve().then(() => options.make?.(unit, claim))
    // Where the race is over, nobody hears what it still throws.
    making.catch(() => {})
    const stop = aborted(signal)
    stop.catch(() => {})
    return { taken, made: await Promise.race([making, stop]), claim }
  } finally {
    clearTimeout(timer)
  }
}
