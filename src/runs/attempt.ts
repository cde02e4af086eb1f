import type { Claim } from '../claims/claim.ts'
import { type Steps, stepsOf } from '../claims/step.ts'
import { OnceoverError } from '../core/error.ts'
import type { Taken } from './claim-units.ts'
import type { AnyGenerator } from './generator.ts'
import type { Work } from './work.ts'

/** A unit that was made. */
export interface Made {
  readonly taken: Taken
  readonly made: unknown
  readonly claim: Claim
}

interface Limits {
  readonly signal: AbortSignal
  /** Never fulfilled; fails once the signal is aborted. */
  readonly aborted: Promise<never>
  end(): void
}

// A run's signal outlives its units by far: what is not taken off it again is never freed.
function limitsOf({ guard, timeoutMs }: AnyGenerator, run: AbortSignal): Limits {
  const own = new AbortController()
  const timer = setTimeout(() => {
    own.abort(
      new OnceoverError('MAKE_TIMED_OUT', {
        message: `make of a unit of ${guard.name} took longer than ${timeoutMs} ms.`,
        details: { guard: guard.name, timeoutMs },
      }),
    )
  }, timeoutMs)
  const stop = () => own.abort(run.reason)
  if (run.aborted) stop()
  else run.addEventListener('abort', stop)
  const fail = signalled()
  const abort = () => fail.reject(own.signal.reason)
  own.signal.addEventListener('abort', abort)
  return {
    signal: own.signal,
    aborted: fail.promise,
    end: () => {
      clearTimeout(timer)
      run.removeEventListener('abort', stop)
      own.signal.removeEventListener('abort', abort)
    },
  }
}

function signalled() {
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<never>((_, no) => {
    reject = no
  })
  promise.catch(() => {})
  return { promise, reject }
}

/**
 * Makes a unit. It is not waited for once its time is up, its lease lost or its run cancelled:
 * what it answers after that is dropped, and its claim can no longer be written under.
 *
 * @throws OnceoverError MAKE_TIMED_OUT, LEASE_LOST, RUN_CANCELLED, and what `make` throws
 */
export async function makeUnit(work: Work, taken: Taken): Promise<Made> {
  const { generator, run } = work
  const { make } = generator.options
  const stopped = taken.lease.watch(run)
  stopped.throwIfAborted()
  if (!make) {
    const [claim] = claimOf(work, taken, stopped, () => true)
    return { taken, made: undefined, claim }
  }
  const limits = limitsOf(generator, stopped)
  let over = false
  const [claim, steps] = claimOf(work, taken, limits.signal, () => over)
  try {
    const making = Promise.resolve().then(() => make(taken.unit, claim))
    // Where the race is over, nobody hears what it still throws.
    making.catch(() => {})
    const made = await Promise.race([making, limits.aborted])
    steps.end()
    return { taken, made, claim }
  } finally {
    over = true
    limits.end()
  }
}

function claimOf(
  { environment: { database, counters }, generator: { guard }, run }: Work,
  { grant, lease }: Taken,
  signal: AbortSignal,
  isOver: () => boolean,
): [claim: Claim, steps: Steps] {
  const { key, hash, fence, attempt, generation, existing } = grant
  const claim = { guard: guard.name, hash, fence, lease: lease.id }
  const steps = stepsOf({ database, counters, claim, run, generation, signal, isOver })
  return [{ run, key, fence, attempt, signal, existing, step: steps.step }, steps]
}
