/** A number of lanes in which work runs at once; whoever comes first is first. */
export class Lanes {
  readonly size: number
  #taken = 0
  #open = false
  readonly #waiting: (() => void)[] = []
  readonly #idle: (() => void)[] = []

  constructor(size: number) {
    this.size = size
  }

  /** How many lanes are taken. */
  get running(): number {
    return this.#taken
  }

  /** Takes a lane, once one is free; whoever took it runs work in it or leaves it. */
  async enter(): Promise<void> {
    if (this.#open || this.#taken < this.size) this.#taken++
    // A lane is handed on while it is taken: nobody else can come between.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Lets everyone in who waits and who comes: they find nothing to do any more, and leave. */
  open(): void {
    this.#open = true
    for (const next of this.#waiting.splice(0)) {
      this.#taken++
      next()
    }
  }

  /** Frees a lane that was taken. */
  leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken--
    if (this.#taken === 0) for (const told of this.#idle.splice(0)) told()
  }

  /** Runs work in a lane that was taken, and leaves it; `work` must not fail. */
  run(work: () => Promise<unknown>): Promise<void> {
    return work().then(
      () => this.leave(),
      (error: unknown) => {
        this.leave()
        throw error
      },
    )
  }

  /** Runs `work` on each item, as many at once as there are lanes. */
  async each<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
    const own: Promise<void>[] = []
    for (const item of items) {
      await this.enter()
      own.push(this.run(() => work(item)))
    }
    await Promise.all(own)
  }

  /** Waits until every lane is free. */
  async idle(): Promise<void> {
    if (this.#taken > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }
}
