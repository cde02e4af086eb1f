// Of the ten connections of a pool: a table that is locked must not keep lists from being read.
const AT_ONCE = 3

/** Reads that may take long, a few at a time; the others wait in line. */
export class HeavyReads {
  #running = 0
  readonly #line: (() => void)[] = []

  /** Does the work when its turn comes. */
  async run<T>(work: () => Promise<T> | T): Promise<T> {
    if (this.#running < AT_ONCE) this.#running++
    else await new Promise<void>((resolve) => this.#line.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#line.shift()
      if (next) next()
      else this.#running--
    }
  }
}
