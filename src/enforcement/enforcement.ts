import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'
import type { Guard } from '../guards/guard.ts'
import type { Blocker, EnforceProgress, EnforceStep, EnforceWork } from './options.ts'

const PAUSE_BASE_MS = 100
const PAUSE_CAP_MS = 1_000
const CLEAN_UP_MS = 10_000

const who = ({ pid, user, application, state, since, query }: Blocker): string => {
  const facts = [user, application, state, since && `since ${since}`].filter(Boolean).join(', ')
  return `pid ${pid}${facts && ` (${facts})`}${query ? `: ${query}` : ''}`
}

/** One enforcement under way: what it does, who it waits for, and how long it may go on. */
export class Enforcement {
  readonly guard: Guard
  readonly work: EnforceWork
  #end: number
  #step: EnforceStep = 'check'
  #blockers: readonly Blocker[] = []

  /** @param ms how long it may take in all */
  constructor(guard: Guard, work: EnforceWork, ms: number) {
    this.guard = guard
    this.work = work
    this.#end = performance.now() + ms
  }

  /** Milliseconds until the deadline; negative once it has passed. */
  get leftMs(): number {
    return this.#end - performance.now()
  }

  /** True where it must end now: the deadline has passed, or it was told to stop. */
  get over(): boolean {
    return this.leftMs <= 0 || this.work.signal?.aborted === true
  }

  /** Goes on to a step. */
  begin(step: EnforceStep): void {
    this.#step = step
    this.tell({ blockers: [] })
  }

  /** Tells how the step stands. */
  tell(progress: Omit<EnforceProgress, 'guard' | 'step'>): void {
    this.#blockers = progress.blockers
    this.work.onProgress?.({ guard: this.guard.name, step: this.#step, ...progress })
  }

  /**
   * Ends it where it must end.
   *
   * @throws OnceoverError ENFORCE_TIMED_OUT naming who it waited for, ENFORCE_STOPPED
   */
  require(): void {
    if (this.over) throw this.failure()
  }

  /** Why it ended before it was done. */
  failure(): OnceoverError {
    const { name, table } = this.guard
    const details = { guard: name, table, step: this.#step, blockers: this.#blockers }
    if (this.work.signal?.aborted) {
      return new OnceoverError('ENFORCE_STOPPED', {
        message: `Enforcing the guard ${name} was stopped at the step ${this.#step}.`,
        details,
      })
    }
    const waited = this.#blockers.map(who).join('; ')
    return new OnceoverError('ENFORCE_TIMED_OUT', {
      message:
        `The deadline of the guard ${name} passed at the step ${this.#step}` +
        `${waited && `, waiting for ${waited}`}.`,
      details,
    })
  }

  /** Waits before the next try: for a random time, so that several do not meet again and again. */
  async pause(attempt: number): Promise<void> {
    const ms = Math.random() * Math.min(PAUSE_CAP_MS, PAUSE_BASE_MS * 2 ** attempt)
    await sleep(Math.max(0, Math.min(ms, this.leftMs)), undefined, {
      signal: this.work.signal,
    }).catch(() => {})
    this.require()
  }

  /** Runs work whose time does not count. */
  async uncounted<T>(work: () => Promise<T>): Promise<T> {
    const before = performance.now()
    return work().finally(() => {
      this.#end += performance.now() - before
    })
  }

  /** The clearing away after it, which has a time of its own and is not stopped. */
  forCleanUp(): Enforcement {
    const { onProgress } = this.work
    const own = new Enforcement(this.guard, onProgress ? { onProgress } : {}, CLEAN_UP_MS)
    own.begin('clean up')
    return own
  }
}
