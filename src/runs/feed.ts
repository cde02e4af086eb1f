// How long a chunk that is not full waits for the next unit of a source that takes its time.
const LINGER_MS = 50

/** How a source is fed. */
export interface Feed {
  /** How many units a chunk may have. */
  readonly size: () => number
  /** True where nothing shall be taken from the source any more. */
  readonly stopped: () => boolean
  /** Calls `wake` when that may have become true; answers with how to take that back. */
  readonly onStop: (wake: () => void) => () => void
}

/**
 * The units of a source in chunks: full ones, or what came so far where the source keeps the units
 * waiting. A source that hangs is left where the feed is stopped.
 */
export function chunksOf(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  feed: Feed,
): AsyncGenerator<unknown[], void, undefined> {
  return Symbol.asyncIterator in source ? arriving(source, feed) : atHand(source, feed)
}

async function* atHand(
  source: Iterable<unknown>,
  { size, stopped }: Feed,
): AsyncGenerator<unknown[], void, undefined> {
  let chunk: unknown[] = []
  for (const unit of source) {
    if (stopped()) return
    chunk.push(unit)
    if (chunk.length < size()) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0 && !stopped()) yield chunk
}

async function* arriving(
  source: AsyncIterable<unknown>,
  { size, stopped, onStop }: Feed,
): AsyncGenerator<unknown[], void, undefined> {
  const units = new Arrivals(source[Symbol.asyncIterator]())
  const forget = onStop(() => units.wake())
  let chunk: unknown[] = []
  try {
    for (;;) {
      const next = await units.next(chunk.length > 0)
      if (stopped()) return
      if (next === 'late') {
        yield chunk
        chunk = []
      } else if (next) {
        if (next.done === true) break
        chunk.push(next.value)
        if (chunk.length < size()) continue
        yield chunk
        chunk = []
      }
    }
    if (chunk.length > 0) yield chunk
  } finally {
    forget()
    await units.end()
  }
}

/** Units as they arrive, one asked for at a time. */
class Arrivals {
  readonly #source: AsyncIterator<unknown>
  #asked: Promise<IteratorResult<unknown>> | undefined
  #done = false
  #timer: NodeJS.Timeout | undefined
  #late = false
  #wake: () => void = () => {}

  constructor(source: AsyncIterator<unknown>) {
    this.#source = source
  }

  /** Has `next` answer now, with whatever there is. */
  wake(): void {
    this.#wake()
  }

  /**
   * The next unit; `late` where others wait and it took its time, undefined where `wake` came.
   *
   * @param waiting whether units that arrived wait for this one
   */
  async next(waiting: boolean): Promise<IteratorResult<unknown> | 'late' | undefined> {
    this.#asked ??= this.#source.next()
    const asked = this.#asked
    if (!waiting) this.#linger(false)
    else if (this.#timer === undefined) this.#linger(true)
    const next = await new Promise<IteratorResult<unknown> | undefined>((resolve, reject) => {
      this.#wake = () => resolve(undefined)
      asked.then(resolve, reject)
    })
    if (next) {
      this.#asked = undefined
      this.#done = next.done === true
      return next
    }
    const late = this.#late
    this.#late = false
    return late ? 'late' : undefined
  }

  // One timer for a chunk, not for each unit.
  #linger(on: boolean): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#late = false
    if (!on) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#late = true
      this.#wake()
    }, LINGER_MS)
  }

  /** Ends the source; one that hangs is not waited for. */
  async end(): Promise<void> {
    this.#linger(false)
    if (this.#done) return
    const hangs = this.#asked !== undefined
    this.#asked?.catch(() => {})
    const ended = Promise.resolve(this.#source.return?.())
    ended.catch(() => {})
    if (!hangs) await ended
  }
}
