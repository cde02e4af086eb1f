/** A number of lanes in which work runs at once. */
export class Lanes {
  readonly size: number
  readonly #running = new Set<Promise<void>>()

  constructor(size: number) {
    this.size = size
  }

  /** How many lanes are taken. */
  get running(): number {
    return this.#running.size
  }

  /** Waits until a lane is free. */
  async free(): Promise<void> {
    while (this.#running.size >= this.size) await Promise.race(this.#running)
  }

  /** Runs work in a free lane; `work` must not fail. */
  run(work: () => Promise<void>): void {
    const lane = work().finally(() => this.#running.delete(lane))
    this.#running.add(lane)
  }

  /** Runs `work` on each item, as many at once as there are lanes. */
  async each<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
    const own: Promise<void>[] = []
    for (const item of items) {
      await this.free()
      const lane = work(item)
        .then(() => undefined)
        .finally(() => this.#running.delete(lane))
      this.#running.add(lane)
      own.push(lane)
    }
    await Promise.all(own)
  }

  /** Waits until every lane is free. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
