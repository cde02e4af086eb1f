import { hostname } from 'node:os'
import { durationMs } from '../core/duration.ts'
import { OnceoverError } from '../core/error.ts'
import type { Logger } from '../core/logger.ts'
import type { Database } from '../postgres/database.ts'
import { Lease, type LeaseOptions } from './lease.ts'

/** How a worker is set up; lengths of time as `30s`. */
export interface WorkerOptions {
  /** How long a lease lasts without a beat. Default `30s`, at least `1s`. */
  readonly lease?: string
  /** The time between two beats. Default a sixth of the lease, at most a third of it. */
  readonly heartbeat?: string
  /** How the worker is called in the ledger. Default: the host and the process. */
  readonly worker?: string
}

const DEFAULT_LEASE_MS = 30_000
const MIN_LEASE_MS = 1_000
const BEATS = 6
const MIN_BEATS = 3

function lengthMs(name: string, given: string | undefined, byDefaultMs: number): number {
  if (given === undefined) return byDefaultMs
  const ms = durationMs(given)
  if (ms !== undefined && ms > 0) return ms
  throw new OnceoverError('DURATION_INVALID', {
    message: `${name} is ${JSON.stringify(given)}, which is no length of time.`,
    details: { option: name },
  })
}

/**
 * Reads the options of a worker.
 *
 * @throws OnceoverError DURATION_INVALID, LEASE_TOO_SHORT where a beat or two that come late
 * would lose the lease
 */
function leaseOptions({ lease, heartbeat, worker }: WorkerOptions): LeaseOptions {
  const leaseMs = lengthMs('lease', lease, DEFAULT_LEASE_MS)
  const beatMs = lengthMs('heartbeat', heartbeat, leaseMs / BEATS)
  if (leaseMs < MIN_LEASE_MS || beatMs > leaseMs / MIN_BEATS) {
    throw new OnceoverError('LEASE_TOO_SHORT', {
      message:
        `A lease of ${leaseMs} ms with a beat every ${Math.round(beatMs)} ms ends when a beat or ` +
        'two come late.',
      details: { leaseMs, beatMs },
    })
  }
  if (worker !== undefined && (typeof worker !== 'string' || worker.trim() === '')) {
    throw new OnceoverError('INPUT_INVALID', {
      message: 'The name of the worker is not a text.',
      fix: 'Give `worker` a name, or leave it out.',
    })
  }
  return { leaseMs, beatMs, worker: worker ?? `${hostname()}:${process.pid}` }
}

/** The worker of one process: it opens a lease with the first claim, and anew when it is lost. */
export class Worker {
  readonly #database: Database
  readonly #options: LeaseOptions
  readonly #logger: Logger
  #lease: Promise<Lease> | undefined
  // Whoever asks while a lease is looked at or opened gets that one: two would be one too many.
  #asked: Promise<Lease> | undefined
  #closed = false

  constructor(database: Database, options: WorkerOptions, logger: Logger) {
    this.#database = database
    this.#options = leaseOptions(options)
    this.#logger = logger
  }

  /**
   * The lease, which is valid as far as this process knows.
   *
   * @throws OnceoverError CLOSED, and what connecting can fail with
   */
  lease(): Promise<Lease> {
    this.#asked ??= this.#valid().finally(() => {
      this.#asked = undefined
    })
    return this.#asked
  }

  /** The lease that is open, if any. */
  async current(): Promise<Lease | undefined> {
    return this.#lease?.catch(() => undefined)
  }

  /** Ends the lease. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#asked?.catch(() => {})
    await (await this.current())?.close()
  }

  async #valid(): Promise<Lease> {
    if (this.#closed) {
      throw new OnceoverError('CLOSED', { message: `Onceover on ${this.#database.target} closed.` })
    }
    const current = await this.current()
    if (current?.valid) return current
    current?.lose('it ran out while no beat came')
    this.#lease = this.#open()
    return this.#lease
  }

  async #open(): Promise<Lease> {
    const lease = new Lease(this.#database, this.#options, this.#logger)
    await lease.open()
    return lease
  }
}
