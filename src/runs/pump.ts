import { wordsOf } from '../claims/fail.ts'
import type { WorkVerdict } from '../claims/grant.ts'
import { OnceoverError } from '../core/error.ts'
import { emptyTotals } from '../core/verdict.ts'
import { type Made, makeUnit } from './attempt.ts'
import { type Chunk, claimChunk, type Taken } from './claim-units.ts'
import { endAttempt, giveBack } from './end.ts'
import { chunksOf } from './feed.ts'
import { Lanes } from './lanes.ts'
import type { Progress, RunOptions } from './options.ts'
import { saveUnit, saveUnits } from './save.ts'
import { Kept, type Placed } from './units.ts'
import type { Work } from './work.ts'

const DEFAULT_CONCURRENCY = 8
const DEFAULT_CHUNK_UNITS = 1000
const PROGRESS_MS = 200

// A worker holds what it will soon begin, so that others share a list of slow units; where units
// are fast the window grows, and a claim is one statement for a thousand.
const FAST_MS = 1_000
const SLOW_MS = 5_000

// While one chunk is saved the next is made.
const BATCHES = 2

/**
 * Makes and saves the units of one run: claims them in chunks, no more than it can soon begin, and
 * gives a verdict on each.
 */
export class Pump {
  readonly #work: Work
  readonly #options: RunOptions<never>
  readonly #lanes: Lanes
  readonly #most: number
  readonly #totals = emptyTotals()
  // Units that others hold and that will be asked for again; undefined where none will.
  #held: WorkVerdict[] | undefined
  #window: number
  #waiting = 0
  #toldAt = 0
  #index = 0
  #left = false
  #failure: { readonly error: unknown } | undefined
  #unheard: { readonly error: unknown } | undefined

  constructor(work: Work, options: RunOptions<never>) {
    const { concurrency = DEFAULT_CONCURRENCY, chunkUnits = DEFAULT_CHUNK_UNITS } = options
    this.#work = work
    this.#options = options
    this.#lanes = new Lanes(concurrency)
    this.#most = chunkUnits
    this.#window = Math.min(concurrency, chunkUnits)
  }

  /** How many units got which verdict so far. */
  get totals() {
    return { ...this.#totals }
  }

  /** True where no further unit shall be begun. */
  get stopping(): boolean {
    return this.#failure !== undefined || this.#signals().some(isStop)
  }

  /** True where units of the source were left: not begun, or given back. */
  get left(): boolean {
    return this.#left
  }

  /** What a listener threw first: it had no say in what became of the units. */
  get unheard(): { readonly error: unknown } | undefined {
    return this.#unheard
  }

  #signals(): readonly AbortSignal[] {
    const { run, lease, environment } = this.#work
    const { signal } = this.#options
    return [...(signal ? [signal] : []), environment.underWay.signal, lease.watch(run)]
  }

  // Calls `wake` when it may be time to stop; answers with how to take that back.
  #onStop(wake: () => void): () => void {
    const signals = this.#signals()
    for (const signal of signals) signal.addEventListener('abort', wake)
    return () => {
      for (const signal of signals) signal.removeEventListener('abort', wake)
    }
  }

  /**
   * Runs every unit of a source. Where it is `patient`, units that others hold get no verdict: they
   * are what it answers with, for the caller to ask for again.
   *
   * @throws OnceoverError SOURCE_FAILED where the source throws, and what claiming fails with; what
   * was begun is finished first
   */
  async run(
    source: Iterable<unknown> | AsyncIterable<unknown>,
    { patient = false } = {},
  ): Promise<readonly WorkVerdict[]> {
    const held = patient ? [] : undefined
    this.#held = held
    // Units may take minutes: whoever looks on is told that they run.
    const telling =
      this.#options.onProgress && setInterval(() => this.#progress(false), PROGRESS_MS)
    const forget = this.#onStop(() => {
      if (this.stopping) this.#lanes.open()
    })
    try {
      await this.#runAll(source, patient)
    } finally {
      clearInterval(telling)
      forget()
    }
    this.#progress(true)
    if (this.#failure) throw this.#failure.error
    this.#held = undefined
    return held ?? []
  }

  // What it fails with is kept: what was begun is finished first.
  async #runAll(source: Iterable<unknown> | AsyncIterable<unknown>, patient: boolean) {
    const batches = new Set<Promise<void>>()
    try {
      for await (const placed of this.#chunks(source)) {
        const startedAt = performance.now()
        const chunk = await claimChunk(this.#work, placed, patient)
        this.tell(chunk.verdicts)
        await this.#begin(chunk, batches)
        this.#adapt(performance.now() - startedAt)
      }
    } catch (error) {
      this.#failure ??= { error }
    }
    await Promise.all(batches)
    await this.#lanes.idle()
  }

  /** Counts verdicts, and tells whoever listens; what is held and asked for again is no verdict. */
  tell(fallen: readonly WorkVerdict[]): void {
    const held = this.#held
    const verdicts = held ? fallen.filter(({ verdict }) => verdict !== 'in_flight') : fallen
    held?.push(...fallen.filter(({ verdict }) => verdict === 'in_flight'))
    if (verdicts.length === 0) return
    const { counters } = this.#work.environment
    for (const { verdict, reason } of verdicts) {
      this.#totals[verdict]++
      this.#totals.rows++
      counters.add(verdict, 1, verdict === 'skipped' ? reason : undefined)
    }
    this.#hear(() => this.#options.onVerdicts?.(verdicts as never))
    this.#progress(false)
  }

  async *#chunks(source: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Placed[]> {
    const chunks = chunksOf(source, {
      size: () => this.#window,
      stopped: () => this.stopping,
      onStop: (wake) => this.#onStop(wake),
    })
    try {
      for await (const chunk of chunks) {
        yield chunk.map((unit) => (unit instanceof Kept ? unit : { index: this.#index++, unit }))
      }
    } catch (error) {
      throw sourceFailed(error, this.#work.run, this.#index)
    }
    this.#left ||= this.stopping
  }

  async #begin({ taken }: Chunk, batches: Set<Promise<void>>): Promise<void> {
    if (taken.length === 0) return
    if (!this.#work.generator.options.saveAll) return this.#beginEach(taken)
    const batch = this.#batch(taken)
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => batches.delete(batch))
    batches.add(batch)
    if (batches.size >= BATCHES) await Promise.race(batches)
  }

  async #beginEach(taken: readonly Taken[]): Promise<void> {
    for (const [place, each] of taken.entries()) {
      this.#waiting = taken.length - place
      await this.#lanes.enter()
      this.#waiting--
      // Under a lost lease it could not be saved.
      if (this.stopping || !each.lease.valid) {
        this.#lanes.leave()
        return this.#giveBack(taken.slice(place))
      }
      void this.#lanes.run(() => this.#one(each))
    }
  }

  async #one(taken: Taken): Promise<void> {
    try {
      const made = await makeUnit(this.#work, taken).catch(async (error: unknown) => {
        this.tell([await endAttempt(this.#work, taken, error)])
      })
      if (made) this.tell([await saveUnit(this.#work, made)])
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  async #batch(taken: readonly Taken[]): Promise<void> {
    const made: Made[] = []
    const left: Taken[] = []
    const make = async (each: Taken) => {
      if (this.stopping || !each.lease.valid) return left.push(each)
      try {
        made.push(await makeUnit(this.#work, each))
      } catch (error) {
        this.tell([await endAttempt(this.#work, each, error)])
      }
    }
    if (this.#work.generator.options.make) await this.#lanes.each(taken, make)
    else for (const each of taken) await make(each)
    this.tell(await saveUnits(this.#work, made))
    await this.#giveBack(left)
  }

  async #giveBack(taken: readonly Taken[]): Promise<void> {
    this.#waiting = 0
    this.#left ||= taken.length > 0
    if (taken.length > 0) this.tell(await giveBack(this.#work, taken, 'the run was stopped'))
  }

  #adapt(tookMs: number): void {
    if (tookMs < FAST_MS) this.#window = Math.min(this.#most, this.#window * 2)
    else if (tookMs > SLOW_MS) {
      this.#window = Math.max(Math.min(this.#lanes.size, this.#most), this.#window >> 1)
    }
  }

  #progress(now: boolean): void {
    const at = performance.now()
    if (!this.#options.onProgress || (!now && at - this.#toldAt < PROGRESS_MS)) return
    this.#toldAt = at
    const progress: Progress = {
      run: this.#work.run,
      totals: this.totals,
      running: this.#lanes.running,
      waiting: this.#waiting,
    }
    this.#hear(() => this.#options.onProgress?.(progress))
  }

  // Whoever listens must not decide what becomes of the units.
  #hear(tell: () => unknown): void {
    const fail = (error: unknown) => {
      this.#unheard ??= { error }
      const { environment, run } = this.#work
      environment.logger.error({ run }, `onceover: a listener of the run failed: ${wordsOf(error)}`)
    }
    try {
      const told = tell()
      if (told instanceof Promise) told.catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

// A lost lease stops what runs under it, and the run goes on under another.
const isStop = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason?.code !== 'LEASE_LOST'

function sourceFailed(error: unknown, run: string, units: number): unknown {
  if (error instanceof OnceoverError) return error
  return new OnceoverError('SOURCE_FAILED', {
    message: `The source of units failed after ${units}: ${wordsOf(error)}.`,
    fix: 'Start the run again: units that are done answer `exists`.',
    details: { run, units },
    cause: error,
  })
}
