/** Answers that those who ask at the same time share. */
export class Shared<T> {
  readonly #asked = new Map<string, Promise<T>>()

  /** The answer under a name, made by `make` where nobody waits for it just now. */
  get(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#asked.get(name)
    if (known) return known
    const made = make()
    this.#asked.set(name, made)
    const drop = () => {
      if (this.#asked.get(name) === made) this.#asked.delete(name)
    }
    made.then(drop, drop)
    return made
  }

  /** Has the next one who asks under a name get an answer of its own. */
  forget(name: string): void {
    this.#asked.delete(name)
  }
}
