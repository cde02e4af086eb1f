import { OnceoverError } from '../index.ts'
import { type Problem, problemOf } from './problem.ts'

/** Long work of this process. */
export interface Underway {
  readonly guard: string
  readonly what: 'run' | 'apply' | 'undo' | 'enforce' | 'unenforce'
  /** Of the run or the repair; null for an enforcement. */
  readonly id: string | null
  readonly actor: string
  /** In ISO form, UTC, by the clock of the server. */
  readonly startedAt: string
  readonly progress: object | null
  readonly result: object | null
  readonly error: Problem | null
  readonly endedAt: string | null
}

/** What long work is given. */
export interface UnderwayWork {
  /** Aborted when the server closes. */
  readonly signal: AbortSignal
  /** Tells how far it is. */
  readonly report: (progress: object) => void
}

/** What long work is called. */
export type UnderwayStart = Pick<Underway, 'guard' | 'what' | 'id' | 'actor'>

const KEPT = 100

/**
 * The long work of this process. A request starts it and does not wait for it; of repairs and
 * enforcements a guard has one at a time. What a run or a repair comes to stands in the database
 * besides: this tells of errors and progress that do not.
 */
export class UnderwayRegister {
  #all: readonly Underway[] = []
  readonly #ends = new Set<Promise<void>>()
  readonly #controller = new AbortController()
  readonly #changed: (underway: Underway) => void
  readonly #failed: (error: unknown, underway: Underway) => void

  constructor(
    changed: (underway: Underway) => void,
    failed: (error: unknown, underway: Underway) => void,
  ) {
    this.#changed = changed
    this.#failed = failed
  }

  /** Of a guard, the latest first; of all without one. */
  of(guard?: string): readonly Underway[] {
    return guard === undefined ? this.#all : this.#all.filter((each) => each.guard === guard)
  }

  /** @throws OnceoverError GUARD_BUSY where a repair or an enforcement of the guard is under way */
  requireIdle(guard: string): void {
    const other = this.of(guard).find(({ what, endedAt }) => what !== 'run' && endedAt === null)
    if (!other) return
    throw new OnceoverError('GUARD_BUSY', {
      message: `${guard} has work under way: ${other.what}, started by ${other.actor}.`,
      details: { guard, what: other.what, startedAt: other.startedAt },
    })
  }

  /**
   * Starts work and answers at once.
   *
   * @throws OnceoverError GUARD_BUSY
   */
  start(
    start: UnderwayStart,
    work: (given: UnderwayWork) => Promise<object | undefined>,
  ): Underway {
    if (start.what !== 'run') this.requireIdle(start.guard)
    const startedAt = new Date().toISOString()
    let state: Underway = {
      ...start,
      startedAt,
      progress: null,
      result: null,
      error: null,
      endedAt: null,
    }
    const put = (next: Partial<Underway>) => {
      const before = state
      state = { ...state, ...next }
      const others = this.#all.filter((each) => each !== before)
      // What still runs is kept however much came after it: it keeps its guard busy.
      this.#all = [state, ...others].filter(({ endedAt }, at) => at < KEPT || endedAt === null)
      this.#changed(state)
    }
    put({})
    const report = (progress: object) => put({ progress })
    const end = work({ signal: this.#controller.signal, report }).then(
      (result) => put({ result: result ?? null, endedAt: new Date().toISOString() }),
      (error: unknown) => {
        put({ error: problemOf(error), endedAt: new Date().toISOString() })
        this.#failed(error, state)
      },
    )
    this.await(end)
    return state
  }

  /** Has `close` wait for work, which may not be known by an id yet. */
  await(work: Promise<unknown>): void {
    const leave = () => {
      this.#ends.delete(ended)
    }
    const ended: Promise<void> = work.then(leave, leave)
    this.#ends.add(ended)
  }

  /** Aborts what runs, and waits until it has ended. */
  async close(): Promise<void> {
    this.#controller.abort()
    while (this.#ends.size > 0) await Promise.all(this.#ends)
  }
}
