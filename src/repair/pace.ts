import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import { selectPace } from './batch/queries.ts'

/** How fast a repair may go. */
export interface PaceOptions {
  /** How long a batch should take, in milliseconds. Default 100; 50 to 200 are sensible. */
  readonly batchMs?: number
  /** How many bytes of write-ahead log the server may write a second. Default 128 MiB. */
  readonly walBytesPerS?: number
}

const TARGET_MS = 100
const WAL_BYTES_PER_S = 128 * 1024 * 1024
const FIRST_LOSERS_PER_MS = 2
const LARGEST_SIZE = 20_000
const MOST_GROWTH = 2
const LONGEST_MS = 500
const LAG_LIMIT_MS = 10_000
const LAG_LOOK_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

interface Mark {
  readonly wal: bigint
  readonly atMs: number
}

/** @throws OnceoverError USAGE where a pace is no number above 0 */
export function requirePace({ batchMs = 1, walBytesPerS = 1 }: PaceOptions): void {
  for (const [name, value] of Object.entries({ batchMs, walBytesPerS })) {
    if (Number.isFinite(value) && value > 0) continue
    throw new OnceoverError('USAGE', {
      message: `${value} is no ${name}.`,
      fix: `Give a number above 0 as ${name}, or leave it out.`,
      details: { [name]: value },
    })
  }
}

/**
 * Finds the size of batches that take as long as wished, and waits between them where the server
 * writes too much, or a replica falls behind. The log is the whole server's: what others write
 * slows a repair too, which is what the replicas and the disk need.
 */
export class Pace {
  readonly #targetMs: number
  readonly #walBytesPerS: number
  #least: number
  #size: number
  #mark: Mark | undefined

  constructor({ batchMs = TARGET_MS, walBytesPerS = WAL_BYTES_PER_S }: PaceOptions) {
    this.#targetMs = batchMs
    this.#least = Math.max(1, Math.round(batchMs * FIRST_LOSERS_PER_MS))
    this.#size = this.#least
    this.#walBytesPerS = walBytesPerS
  }

  /** How many losers the next batch takes. */
  get size(): number {
    return this.#size
  }

  /**
   * A batch took so long: the next one is made longer or shorter, though not shorter than the
   * first. On a busy machine the messages of a batch take their time whatever its size, and making
   * it ever smaller would only stretch the repair. It is made smaller where so much hangs on each
   * loser that others wait for long.
   */
  took(durationMs: number): void {
    if (durationMs > Math.max(LONGEST_MS, 2 * this.#targetMs)) {
      this.#least = Math.max(1, Math.floor(Math.min(this.#least, this.#size) / 2))
    }
    const factor = Math.min(MOST_GROWTH, Math.max(0.5, this.#targetMs / Math.max(1, durationMs)))
    const size = Math.max(this.#least, Math.round(this.#size * factor))
    this.#size = Math.min(LARGEST_SIZE, size)
  }

  /** A batch failed: the next one is half of it. */
  halve(size: number): void {
    this.#size = Math.max(1, Math.floor(size / 2))
  }

  /** Waits until the server may write more. */
  async wait(session: Session, signal: AbortSignal | undefined): Promise<void> {
    for (let pausedMs = 0; pausedMs < LONGEST_PAUSE_MS; pausedMs += LAG_LOOK_MS) {
      const [row] = await session.query<{ wal: string; lag_ms: string }>(selectPace())
      await this.#waitForLog(BigInt(row?.wal ?? 0), signal)
      if (Number(row?.lag_ms ?? 0) <= LAG_LIMIT_MS) return
      await pause(LAG_LOOK_MS, signal)
    }
  }

  async #waitForLog(wal: bigint, signal: AbortSignal | undefined): Promise<void> {
    const now = performance.now()
    const before = this.#mark
    this.#mark = { wal, atMs: now }
    if (!before) return
    const dueMs = (Number(wal - before.wal) / this.#walBytesPerS) * 1000
    await pause(Math.min(LONGEST_PAUSE_MS, dueMs - (now - before.atMs)), signal)
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 0) return
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => {})
}
