import {
  type AnyGenerator,
  type ChangeReader,
  type Guard,
  isGenerator,
  type Matrix,
  type Onceover,
  OnceoverError,
  type SpanOptions,
} from '../index.ts'
import type { HeavyReads } from './heavy-reads.ts'
import { type MatrixFilter, MatrixIndex, type MatrixView } from './matrix-view.ts'

/** A matrix that the server keeps. */
export interface KeptMatrix {
  readonly matrix: Matrix
  /** The entities that match a filter; the same filter costs nothing again. */
  view(filter: MatrixFilter): MatrixView
}

/** A matrix as it is answered. */
export interface FoundMatrix {
  readonly kept: KeptMatrix
  /** True where a newer one is being made: what changed since is not in it. */
  readonly stale: boolean
}

interface Entry extends KeptMatrix {
  readonly name: string
  /** How often its guard had changed when it was begun. */
  readonly changes: number
  readonly cells: number
  /** By the clock of the process. */
  readonly madeMs: number
  readonly tookMs: number
}

// Whoever looks waits so long for what changed; one that takes longer is shown as it was.
const PATIENCE_MS = 250
// Rows may be written past us, of which no mark tells: a matrix is made anew after so many times
// what it took, so that all of this is a small share of what the database does.
const LEAST_AGE_MS = 2_000
const AGE_PER_MADE = 20
const MOST_AGE_MS = 30_000
const MOST_STALE_MS = 60_000
// Where a guard changes all the time, its matrix is not made all the time.
const PAUSE_PER_MADE = 2
const LOOK_MS = 250
// Of 500 changes each; of what is farther back all guards are taken to have changed.
const MOST_READS = 4
const MOST_VERSIONS = 12
const MOST_CELLS = 15_000_000
const MOST_VIEWS = 24

const nameOf = (guard: string, { from, to }: SpanOptions): string =>
  JSON.stringify([guard, from ?? null, to ?? null])

// Counts are numbers, and weigh more than letters.
const cellsOf = ({ rows, periods }: Matrix): number =>
  rows.length * periods.length * (rows.some(({ counts }) => counts !== null) ? 5 : 1)

function viewing(matrix: Matrix): KeptMatrix['view'] {
  const index = new MatrixIndex(matrix)
  const views = new Map<string, MatrixView>()
  return (filter) => {
    const name = JSON.stringify(filter)
    const view = views.get(name) ?? index.view(filter)
    views.delete(name)
    views.set(name, view)
    const [oldest] = views.keys()
    if (views.size > MOST_VIEWS && oldest !== undefined) views.delete(oldest)
    return view
  }
}

/**
 * The matrices that are looked at, each made once for all who look at it.
 *
 * The newest is used while nothing tells of a change: the changes of the ledger are looked at four
 * times a second at most, and at once where somebody was told of one. A matrix that is quick to
 * make is made anew before it is shown; of one that takes longer the last is shown as `stale` while
 * the next is made. Rows that were written past Onceover change no mark, so that a matrix is also
 * made anew by its age: after twenty times what it took, between 2 and 30 seconds.
 *
 * Kept are the last dozen versions, as far as they fit, so that who pages through one sees one.
 */
export class Matrices {
  readonly #once: Onceover
  readonly #heavy: HeavyReads
  #reader: ChangeReader
  readonly #changes = new Map<string, number>()
  /** How often all guards were taken to have changed. */
  #leaps = 0
  readonly #making = new Map<string, Promise<Entry>>()
  /** The one that was looked at longest ago first. */
  #kept: readonly Entry[] = []
  #lookedMs = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  constructor(once: Onceover, heavy: HeavyReads) {
    this.#once = once
    this.#heavy = heavy
    this.#reader = once.changes()
  }

  /** Has the changes looked at before the next matrix is answered: somebody was told of one. */
  recheck(): void {
    this.#lookedMs = Number.NEGATIVE_INFINITY
  }

  /**
   * The matrix of a guard, or of a generator that says what is expected.
   *
   * @throws OnceoverError as `once.matrix`
   */
  async get(of: Guard | AnyGenerator, span: SpanOptions): Promise<FoundMatrix> {
    await this.#look()
    const guard = isGenerator(of) ? of.guard.name : of.name
    const last = this.#newest(nameOf(guard, span))
    if (!last) return { kept: await this.#fresh(of, span, guard), stale: false }
    this.#touch(last)
    const age = performance.now() - last.madeMs
    const changed = last.changes !== this.#changesOf(guard)
    const old = Math.min(MOST_AGE_MS, Math.max(LEAST_AGE_MS, AGE_PER_MADE * last.tookMs))
    if (!changed && age < old) return { kept: last, stale: false }
    if (last.tookMs <= PATIENCE_MS || age > MOST_STALE_MS) {
      return { kept: await this.#fresh(of, span, guard), stale: false }
    }
    if (age > PAUSE_PER_MADE * last.tookMs) this.#make(of, span, guard).catch(() => {})
    return { kept: last, stale: true }
  }

  /**
   * The version that was made at a moment, for who pages through it.
   *
   * @throws OnceoverError SELECTION_GONE where it is no longer kept
   */
  at(guard: string, span: SpanOptions, at: string): KeptMatrix {
    const name = nameOf(guard, span)
    const found = this.#kept.find((each) => each.name === name && each.matrix.at === at)
    if (found) {
      this.#touch(found)
      return found
    }
    throw new OnceoverError('SELECTION_GONE', {
      message: `The matrix of ${guard} was made anew since this page of it was read.`,
      fix: 'Read it again from its first page.',
      details: { guard, at },
    })
  }

  #newest(name: string): Entry | undefined {
    const versions = this.#kept.filter((each) => each.name === name)
    return versions.sort((one, other) => other.madeMs - one.madeMs)[0]
  }

  #changesOf(guard: string): number {
    return (this.#changes.get(guard) ?? 0) + this.#leaps
  }

  #look(): Promise<void> {
    const asked = this.#lookedMs === Number.NEGATIVE_INFINITY
    // One that began before the change that somebody was told of may have missed it.
    if (this.#looking) return asked ? this.#looking.then(() => this.#look()) : this.#looking
    if (performance.now() - this.#lookedMs < LOOK_MS) return Promise.resolve()
    this.#lookedMs = performance.now()
    this.#looking = this.#note().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #note(): Promise<void> {
    try {
      for (let reads = 1; ; reads++) {
        const { changes, more } = await this.#reader.read()
        for (const guard of new Set(changes.map((each) => each.guard))) {
          this.#changes.set(guard, (this.#changes.get(guard) ?? 0) + 1)
        }
        if (!more) return
        if (reads === MOST_READS) return await this.#leap()
      }
    } catch (error) {
      if (!(error instanceof OnceoverError && error.code === 'NOT_MIGRATED')) throw error
    }
  }

  // Of a night that nobody looked at, who looks in the morning does not wait to read all of it.
  async #leap(): Promise<void> {
    const reader = this.#once.changes()
    await reader.read()
    this.#reader = reader
    this.#leaps++
  }

  // One that was begun before the last change may have missed it.
  async #fresh(of: Guard | AnyGenerator, span: SpanOptions, guard: string): Promise<Entry> {
    const changes = this.#changesOf(guard)
    const made = await this.#make(of, span, guard)
    return made.changes >= changes ? made : this.#make(of, span, guard)
  }

  #make(of: Guard | AnyGenerator, span: SpanOptions, guard: string): Promise<Entry> {
    const name = nameOf(guard, span)
    const making = this.#making.get(name)
    if (making) return making
    const made = this.#begin(of, span, guard).finally(() => this.#making.delete(name))
    this.#making.set(name, made)
    return made
  }

  async #begin(of: Guard | AnyGenerator, span: SpanOptions, guard: string): Promise<Entry> {
    const changes = this.#changesOf(guard)
    let startedMs = 0
    const matrix = await this.#heavy.run(() => {
      startedMs = performance.now()
      return isGenerator(of) ? this.#once.matrix(of, span) : this.#once.matrix(of, span)
    })
    const madeMs = performance.now()
    const entry: Entry = {
      name: nameOf(guard, span),
      matrix,
      view: viewing(matrix),
      changes,
      cells: cellsOf(matrix),
      madeMs,
      tookMs: madeMs - startedMs,
    }
    this.#keep(entry)
    return entry
  }

  #touch(entry: Entry): void {
    if (this.#kept.at(-1) === entry) return
    this.#kept = [...this.#kept.filter((each) => each !== entry), entry]
  }

  #keep(entry: Entry): void {
    const kept: Entry[] = [entry]
    let cells = entry.cells
    for (const each of this.#kept.toReversed()) {
      cells += each.cells
      if (kept.length === MOST_VERSIONS || cells > MOST_CELLS) break
      kept.unshift(each)
    }
    this.#kept = kept
  }
}
