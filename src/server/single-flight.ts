interface Flight<T> {
  readonly answer: Promise<T>
  readonly controller: AbortController
  waiting: number
}

/** Answers that those who ask at the same time share. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>()

  /**
   * The answer under a name, made by `make` where nobody waits for it just now.
   *
   * @param asker aborted when the one who asks went away; once all did, so is the signal of `make`
   */
  get(name: string, make: (signal: AbortSignal) => Promise<T>, asker?: AbortSignal): Promise<T> {
    const flight = this.#flights.get(name) ?? this.#start(name, make)
    flight.waiting++
    const leave = () => {
      if (--flight.waiting > 0) return
      this.#drop(name, flight)
      flight.controller.abort()
    }
    if (asker?.aborted) leave()
    else asker?.addEventListener('abort', leave, { once: true })
    const settled = () => asker?.removeEventListener('abort', leave)
    flight.answer.then(settled, settled)
    return flight.answer
  }

  /** Has the next one who asks under a name get an answer of its own. */
  forget(name: string): void {
    this.#flights.delete(name)
  }

  #start(name: string, make: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const flight = { answer: make(controller.signal), controller, waiting: 0 }
    this.#flights.set(name, flight)
    const drop = () => this.#drop(name, flight)
    flight.answer.then(drop, drop)
    return flight
  }

  // Nobody may join one that is stopped, and a new one may stand in its place.
  #drop(name: string, flight: Flight<T>): void {
    if (this.#flights.get(name) === flight) this.#flights.delete(name)
  }
}
