/** An answer as it is sent: shared ones are written once. */
export interface Told {
  readonly status: number
  readonly body: string | Response
  readonly headers?: Readonly<Record<string, string>>
}

interface Line<T> {
  readonly running: Promise<T>
  next: Promise<T> | undefined
}

/**
 * Those who ask the same at once share an answer that nobody began to make before all of them had
 * asked: while one is made, whoever comes waits for the next. So a page that changed something
 * never gets an answer of before, and five hundred that hear of a change ask the database twice.
 */
export class Convoy<T> {
  readonly #lines = new Map<string, Line<T>>()

  /** The answer under a name. */
  get(name: string, make: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(name)
    if (!line) return this.#run(name, make)
    line.next ??= line.running.then(
      () => this.#run(name, make),
      () => this.#run(name, make),
    )
    return line.next
  }

  #run(name: string, make: () => Promise<T>): Promise<T> {
    const line: Line<T> = { running: make(), next: undefined }
    this.#lines.set(name, line)
    const leave = () => {
      if (this.#lines.get(name) === line && line.next === undefined) this.#lines.delete(name)
    }
    line.running.then(leave, leave)
    return line.running
  }
}
