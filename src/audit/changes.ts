import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { selectChanges, selectHead } from './changes/queries.ts'
import type { EventName } from './events.ts'

/** A change of what stands in the ledger. */
export type Change =
  | {
      readonly kind: 'event'
      readonly guard: string
      readonly id: string
      /** In ISO form, UTC. */
      readonly at: string
      readonly verdict: EventName
      readonly reason: string | null
      readonly actor: string | null
      readonly run: string
      /** How many keys it speaks of. */
      readonly keys: number
    }
  | {
      readonly kind: 'run'
      readonly guard: string
      readonly id: string
      readonly state: 'running' | 'done' | 'stopped' | 'cancelled' | 'crashed'
    }
  | {
      readonly kind: 'repair'
      readonly guard: string
      readonly id: string
      readonly state: 'planned' | 'applying' | 'applied' | 'undone'
      readonly removed: number
      readonly changed: number
      readonly skipped: number
    }

/** Changes since the last look, in the order in which they can be told. */
export interface Changes {
  readonly changes: readonly Change[]
  /** More events wait than were read at once. */
  readonly more: boolean
}

type Kind<K extends Change['kind']> = Omit<Extract<Change, { kind: K }>, 'kind'>

interface Found {
  readonly events: readonly Kind<'event'>[]
  readonly runs: readonly Kind<'run'>[]
  readonly repairs: readonly Kind<'repair'>[]
}

const MOST_EVENTS = 500
// Numbers that were given before the first look may be of transactions that were open then.
const LATE = 200n
const MOST_GAPS = 5000
// A transaction that is open for longer is told of when the page is loaded anew.
const GAP_LOOKS = 600

/**
 * Looks at the ledger again and again and says what changed between. Numbers of events are given
 * before their transactions commit: one that is missing is asked for until it comes or is too old.
 * What this knows is in memory; a second one knows nothing of the first.
 */
export class ChangeReader {
  readonly #session: Session
  #event: bigint | undefined
  #gaps = new Map<bigint, number>()
  #runs = new Map<string, string>()
  #repairs = new Map<string, string>()

  constructor(session: Session) {
    this.#session = session
  }

  /**
   * What changed since the last call; the first one only takes note of what stands.
   *
   * @throws OnceoverError NOT_MIGRATED, and what a lost database fails with
   */
  async read(): Promise<Changes> {
    try {
      const first = this.#event === undefined
      if (first) {
        const [head] = await this.#session.query<{ event: string }>(selectHead())
        const newest = BigInt(head?.event ?? 0)
        this.#event = newest > LATE ? newest - LATE : 0n
      }
      const found = await this.#look()
      const changes = this.#note(found)
      return first
        ? { changes: [], more: false }
        : { changes, more: found.events.length >= MOST_EVENTS }
    } catch (error) {
      if (sqlstate(error) !== SQLSTATE.undefinedTable) throw error
      const { target } = this.#session
      throw new OnceoverError('NOT_MIGRATED', {
        message: `${target} has no schema onceover, so nothing of it can change.`,
        details: { target },
        cause: error,
      })
    }
  }

  async #look(): Promise<Found> {
    const running = [...this.#runs].filter(([, state]) => state === 'running')
    const statement = selectChanges({
      event: String(this.#event),
      gaps: [...this.#gaps.keys()].map(String),
      running: running.map(([id]) => id),
      limit: MOST_EVENTS,
    })
    const [row] = await this.#session.query<{ changes: string }>(statement)
    return JSON.parse(row?.changes ?? '{}')
  }

  #note({ events, runs, repairs }: Found): readonly Change[] {
    this.#noteEvents(events.map(({ id }) => BigInt(id)))
    const told = new Set(events.map(({ run }) => run))
    const changedRuns = runs.filter(({ id, state }) => told.has(id) || this.#runs.get(id) !== state)
    this.#runs = new Map(runs.map(({ id, state }) => [id, state]))
    const digest = (repair: Kind<'repair'>) => JSON.stringify(repair)
    const changedRepairs = repairs.filter((each) => this.#repairs.get(each.id) !== digest(each))
    this.#repairs = new Map(repairs.map((each) => [each.id, digest(each)]))
    return [
      ...events.map((event) => ({ kind: 'event' as const, ...event })),
      ...changedRuns.map((run) => ({ kind: 'run' as const, ...run })),
      ...changedRepairs.map((repair) => ({ kind: 'repair' as const, ...repair })),
    ]
  }

  #noteEvents(ids: readonly bigint[]): void {
    for (const [gap, looks] of this.#gaps) {
      if (looks >= GAP_LOOKS) this.#gaps.delete(gap)
      else this.#gaps.set(gap, looks + 1)
    }
    for (const id of ids) {
      this.#gaps.delete(id)
      const newest = this.#event ?? 0n
      if (id <= newest) continue
      for (let gap = newest + 1n; gap < id && this.#gaps.size < MOST_GAPS; gap++) {
        this.#gaps.set(gap, 0)
      }
      this.#event = id
    }
  }
}
