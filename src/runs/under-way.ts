import { setMaxListeners } from 'node:events'

/** What this process works on: it is stopped and waited for before its connections are closed. */
export class UnderWay {
  readonly #stop = new AbortController()
  readonly #working = new Set<Promise<unknown>>()
  readonly #runs = new Set<string>()

  constructor() {
    // Every run listens.
    setMaxListeners(0, this.#stop.signal)
  }

  /** Aborted where no further unit shall be begun. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Whether this process works on a run. */
  has(run: string): boolean {
    return this.#runs.has(run)
  }

  /** Does work that is waited for by `end`. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    const working = work()
    this.#working.add(working)
    try {
      return await working
    } finally {
      this.#working.delete(working)
    }
  }

  /** Does the work of one run. */
  async on<T>(run: string, work: () => Promise<T>): Promise<T> {
    this.#runs.add(run)
    try {
      return await work()
    } finally {
      this.#runs.delete(run)
    }
  }

  /** Has every run finish what it began and give back the rest, and waits for that. */
  async end(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#working)
  }
}
