import { randomBytes } from 'node:crypto'
import type { Change, ChangeReader, Onceover } from '../index.ts'
import { jsonText } from './json.ts'
import type { Underway } from './underway.ts'

/** What the feed tells: a change of the ledger, of work of this process, or of the database. */
export type Told =
  | Change
  | ({ readonly kind: 'underway' } & Underway)
  | { readonly kind: 'database'; readonly state: 'ready' | 'unreachable' }

/** One who listens. */
export interface Listener {
  /** Takes bytes of the stream; false where it cannot keep up and is to be let go. */
  send(bytes: Uint8Array): boolean
  end(): void
}

const LOOK_MS = 1000
const BACKOFF_MS = 5000
const COMMENT_MS = 15_000
const KEPT = 5000

// Of 500 events each: as many as are kept.
const MOST_READS = 10

const encoder = new TextEncoder()

// Numbers of another are none that a listener could resume at.
const newBoot = (): string => randomBytes(6).toString('base64url')

const COMMENT = encoder.encode(': alive\n\n')

/**
 * Tells every listener what changes. The database is looked at once a second, however many listen,
 * and not at all while nobody does. Each change has a number; a listener that comes back names the
 * last one it heard and is told the rest, or to start anew where that is too long ago. A poll, not
 * LISTEN: a pooler swallows that without a word.
 */
export class Feed {
  readonly #once: Onceover
  #reader: ChangeReader
  #boot = newBoot()
  readonly #listeners = new Set<Listener>()
  #kept: { readonly number: number; readonly bytes: Uint8Array }[] = []
  #number = 0
  #behind = 0
  // Before the first look nobody knows what is new: who came before it is greeted after it.
  #primed = false
  #reachable = true
  #timer: NodeJS.Timeout | undefined
  #comments: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #closed = false
  readonly #heard: () => void

  /** @param heard called before anybody is told of something */
  constructor(once: Onceover, heard: () => void = () => {}) {
    this.#once = once
    this.#reader = once.changes()
    this.#heard = heard
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size
  }

  /** Tells a change to everybody who listens. */
  tell(told: Told): void {
    this.#heard()
    const number = ++this.#number
    const text = `id: ${this.#boot}.${number}\nevent: change\ndata: ${jsonText(told)}\n\n`
    const bytes = encoder.encode(text)
    this.#kept.push({ number, bytes })
    if (this.#kept.length > 2 * KEPT) this.#kept = this.#kept.slice(-KEPT)
    this.#sendAll(bytes)
  }

  /**
   * Adds a listener, after it was told what it missed.
   *
   * @param last the `Last-Event-ID` that it names
   * @returns what takes it away again
   */
  listen(listener: Listener, last: string | null): () => void {
    listener.send(encoder.encode(`retry: ${LOOK_MS}\n\n`))
    for (const bytes of this.#missed(last)) listener.send(bytes)
    this.#listeners.add(listener)
    this.#start()
    return () => this.#leave(listener)
  }

  /** Ends every stream. */
  async close(): Promise<void> {
    this.#closed = true
    for (const listener of this.#listeners) listener.end()
    this.#listeners.clear()
    this.#stop()
    await this.#looking
  }

  #missed(last: string | null): readonly Uint8Array[] {
    if (last === null) return this.#primed ? [this.#hello()] : []
    const [boot, text] = last.split('.')
    const number = Number(text)
    const oldest = this.#kept[0]?.number ?? this.#number + 1
    if (boot === this.#boot && number >= oldest - 1 && number <= this.#number) {
      return this.#kept.filter((each) => each.number > number).map(({ bytes }) => bytes)
    }
    return [this.#reset()]
  }

  #reset(): Uint8Array {
    return encoder.encode(`id: ${this.#boot}.${this.#number}\nevent: reset\ndata: {}\n\n`)
  }

  #hello(): Uint8Array {
    return encoder.encode(`id: ${this.#boot}.${this.#number}\nevent: hello\ndata: {}\n\n`)
  }

  #leave(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.#stop()
  }

  #sendAll(bytes: Uint8Array): void {
    for (const listener of this.#listeners) {
      if (listener.send(bytes)) continue
      listener.end()
      this.#leave(listener)
    }
  }

  #start(): void {
    if (this.#comments || this.#closed) return
    this.#comments = setInterval(() => this.#sendAll(COMMENT), COMMENT_MS).unref()
    // One that was begun for those who left goes on, and so do the looks after it.
    if (!this.#looking) this.#schedule(0)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    clearInterval(this.#comments)
    this.#comments = undefined
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().then((waitMs) => {
        this.#looking = undefined
        if (this.#comments && !this.#closed) this.#schedule(waitMs)
      })
    }, ms).unref()
  }

  /** Tells what is new; how long to wait with the next look. */
  async #look(): Promise<number> {
    try {
      const { changes, more } = await this.#reader.read()
      this.#setReachable(true)
      if (!this.#primed) this.#sendAll(this.#hello())
      this.#primed = true
      for (const change of changes) this.tell(change)
      this.#behind = more ? this.#behind + 1 : 0
      if (this.#behind >= MOST_READS) await this.#leap()
      return this.#behind > 0 ? 0 : LOOK_MS
    } catch {
      this.#setReachable(false)
      return BACKOFF_MS
    }
  }

  /** Goes on at what is newest: who is told to start anew reads the rest sooner than it is told. */
  async #leap(): Promise<void> {
    const reader = this.#once.changes()
    await reader.read()
    this.#reader = reader
    this.#behind = 0
    this.#boot = newBoot()
    this.#kept = []
    this.#heard()
    this.#sendAll(this.#reset())
  }

  #setReachable(reachable: boolean): void {
    if (reachable === this.#reachable) return
    this.#reachable = reachable
    this.tell({ kind: 'database', state: reachable ? 'ready' : 'unreachable' })
  }
}
