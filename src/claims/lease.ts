import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { OnceoverError } from '../core/error.ts'
import type { Logger } from '../core/logger.ts'
import type { Connection } from '../postgres/connection.ts'
import type { Database } from '../postgres/database.ts'
import { endLease, openLease, renewLease } from './lease/queries.ts'

/** How a worker keeps its lease. */
export interface LeaseOptions {
  /** How long a lease lasts without a beat, in milliseconds. */
  readonly leaseMs: number
  /** The time between two beats, in milliseconds. */
  readonly beatMs: number
  /** How the worker is called in the ledger. */
  readonly worker: string
}

const lost = (worker: string, why: string, cause?: unknown): OnceoverError =>
  new OnceoverError('LEASE_LOST', {
    message: `The worker ${worker} lost its lease: ${why}.`,
    details: { worker },
    cause,
  })

// A connection that is cut off says nothing: there must be time left for a beat on another one.
const PATIENCE = 3

async function inTime<Result>(beat: Promise<Result>, ms: number): Promise<Result> {
  beat.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a beat was not answered in ${ms} ms`)), ms)
    timer.unref()
  })
  return Promise.race([beat, late]).finally(() => clearTimeout(timer))
}

/**
 * The lease of one worker, renewed on a connection of its own: a pool whose connections are all
 * busy would let it expire. The worker stops early by its own monotonic clock, counted from before
 * each beat was sent; whether it is dead only the database says.
 */
export class Lease {
  readonly id = randomUUID()
  readonly #options: LeaseOptions
  readonly #database: Database
  readonly #logger: Logger
  #lost: OnceoverError | undefined
  // Not AbortSignal.any: what depends on a signal that lives as long as the worker is kept as long.
  readonly #runs = new Map<string, AbortController>()
  #connection: Connection | undefined
  #validUntil = 0
  #timer: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()
  #closed = false

  constructor(database: Database, options: LeaseOptions, logger: Logger) {
    this.#database = database
    this.#options = options
    this.#logger = logger
  }

  /** Whether claims may still be made under this lease. */
  get valid(): boolean {
    return !this.#lost && !this.#closed && performance.now() < this.#validUntil
  }

  /** Writes the lease down and starts to beat. */
  async open(): Promise<void> {
    const { leaseMs, worker } = this.#options
    const sentAt = performance.now()
    this.#connection = await this.#connect()
    try {
      await this.#connection.session.query(openLease(this.id, worker, leaseMs))
    } catch (error) {
      await this.#connection.close()
      throw error
    }
    this.#extend(sentAt)
    this.#schedule()
  }

  /**
   * Has the beats look after a run. The signal is aborted when the run is cancelled, here or in
   * another process, and when the lease is lost.
   */
  watch(run: string): AbortSignal {
    const known = this.#runs.get(run)
    if (known) return known.signal
    const controller = new AbortController()
    // Each unit that runs listens.
    setMaxListeners(0, controller.signal)
    if (this.#lost) controller.abort(this.#lost)
    this.#runs.set(run, controller)
    return controller.signal
  }

  /** Looks after a run no longer. */
  unwatch(run: string): void {
    this.#runs.delete(run)
  }

  /** Tells the units of a run at once that it was cancelled from this process. */
  cancelled(run: string): void {
    this.#runs.get(run)?.abort(
      new OnceoverError('RUN_CANCELLED', {
        message: `The run ${run} was cancelled.`,
        details: { run },
      }),
    )
  }

  /** Stops to beat and ends the lease; what it still holds can be taken over at once. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
    await this.#beating
    if (!this.#lost) {
      const session = this.#connection?.session ?? this.#database.session
      await session.query(endLease(this.id)).catch(() => {})
    }
    await this.#connection?.close()
  }

  /** Gives the lease up: the signals of its runs are aborted with LEASE_LOST. */
  lose(why: string, cause?: unknown): void {
    if (this.#lost || this.#closed) return
    const error = lost(this.#options.worker, why, cause)
    this.#logger.warn({ lease: this.id, code: error.code }, error.message)
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
    this.#lost = error
    for (const controller of this.#runs.values()) controller.abort(error)
    void this.#connection?.close()
  }

  // Neither its timer nor its connection keeps a process alive that has nothing else to do.
  async #connect(): Promise<Connection> {
    const connection = await this.#database.connect(this.#options.leaseMs)
    connection.unref()
    return connection
  }

  // A beat may hang: what it was to prevent must not wait for it.
  #extend(sentAt: number): void {
    this.#validUntil = sentAt + this.#options.leaseMs
    clearTimeout(this.#deadline)
    if (this.#closed) return
    const leftMs = Math.max(0, this.#validUntil - performance.now())
    this.#deadline = setTimeout(() => this.lose('no beat was answered in time'), leftMs)
    this.#deadline.unref()
  }

  #schedule(): void {
    if (this.#closed || this.#lost) return
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat()
    }, this.#options.beatMs)
    this.#timer.unref()
  }

  async #beat(): Promise<void> {
    const { leaseMs } = this.#options
    const sentAt = performance.now()
    try {
      this.#connection ??= await this.#connect()
      const renewed = await inTime(
        this.#connection.session.query<{ cancelled: string }>(
          renewLease(this.id, leaseMs, [...this.#runs.keys()]),
        ),
        leaseMs / PATIENCE,
      )
      const [row] = renewed
      if (!row) return this.lose('it expired, and another worker marked it dead')
      this.#extend(sentAt)
      for (const run of JSON.parse(row.cancelled) as string[]) this.cancelled(run)
    } catch (error) {
      await this.#reconnect(error)
    }
    this.#schedule()
  }

  // A lost connection is no lost lease, as long as another one brings the beat in time.
  async #reconnect(error: unknown): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close()
    if (performance.now() >= this.#validUntil) this.lose('no beat reached the database', error)
  }
}
