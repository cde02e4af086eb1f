/** One timed piece of work. */
export interface Sample {
  readonly round: number
  readonly ms: number
  /** Statements that it sent, BEGIN and COMMIT included. */
  readonly statements: number
}

/** Times pieces of work one at a time, and keeps the samples apart by what was done and by whom. */
export class Recorder {
  readonly #statements: () => number
  readonly #samples = new Map<string, Sample[]>()

  /** @param statements how many statements were sent so far */
  constructor(statements: () => number) {
    this.#statements = statements
  }

  /** Runs `work` and records it under `what` and `side`. */
  async time<T>(what: string, side: string, round: number, work: () => Promise<T>): Promise<T> {
    const before = this.#statements()
    const start = performance.now()
    const result = await work()
    const ms = performance.now() - start
    this.#list(what, side).push({ round, ms, statements: this.#statements() - before })
    return result
  }

  /** The samples in the order in which they were taken. */
  samples(what: string, side: string): readonly Sample[] {
    return this.#list(what, side)
  }

  #list(what: string, side: string): Sample[] {
    const name = JSON.stringify([what, side])
    const known = this.#samples.get(name) ?? []
    this.#samples.set(name, known)
    return known
  }
}

/**
 * The order of the sides in one turn: AB, BA, BA, AB for two of them. Over the turns each stands as
 * often first as last, so that neither drift nor what the one leaves behind in caches favours any.
 */
export function turnOrder<Side>(sides: readonly Side[], turn: number): readonly Side[] {
  const first = Math.floor(turn / 2) % sides.length
  const rotated = [...sides.slice(first), ...sides.slice(0, first)]
  return turn % 2 === 0 ? rotated : rotated.reverse()
}
