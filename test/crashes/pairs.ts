import { expect } from 'vitest'
import type { Grant } from '../../src/claims/claim.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { allOnce, countOf } from './count.ts'
import { type Holder, Ledger } from './ledger.ts'
import { NAIVE } from './naive.ts'
import { PAYOUTS } from './payouts.ts'
import { Actor, everyOrder, type Mutate, type Played, play, type Sample } from './stepper.ts'

/** Who holds a number, and with what, before two sides begin. */
export interface Scene {
  readonly number: number
  readonly holder: Holder
  readonly grant: Grant
}

/** The fences that a side says it paid under. */
export type Fences = readonly bigint[]

/** One side of a pair: what it does through its own connection. */
export type Side = (actor: Actor<Fences>, scene: Scene, ledger: Ledger) => Promise<Fences>

/** Two sides that want the same number at once. */
export interface Pair {
  readonly name: string
  readonly sides: readonly [Side, Side]
  /** Whether the number is held when they begin, and by a lease that has run out. */
  readonly held: 'no' | 'alive' | 'expired'
  /** Whether one of them must have paid, whatever the order. */
  readonly pays?: boolean
}

const DEADLOCK_TIMEOUT = '30ms'

/** A database on which pairs are played. */
export class Stage {
  readonly opened: Opened
  readonly ledger: Ledger
  #number = 0

  private constructor(opened: Opened, ledger: Ledger) {
    this.opened = opened
    this.ledger = ledger
  }

  static async open(): Promise<Stage> {
    const opened = await open(PAYOUTS + NAIVE)
    const name = new URL(opened.db.url).pathname.slice(1)
    await opened.query(`ALTER DATABASE ${name} SET deadlock_timeout = '${DEADLOCK_TIMEOUT}'`)
    return new Stage(opened, await Ledger.open(opened.db.pool))
  }

  /** Plays every order of a pair on numbers of their own, and hands each to `judge`. */
  async play(
    { sides: [first, second], held }: Pair,
    sample: Sample,
    judge: (scene: Scene, actors: readonly Actor<Fences>[], played: Played) => Promise<void>,
    mutate?: Mutate,
  ): Promise<number> {
    const { url, pool } = this.opened.db
    const one = new Actor<Fences>('A', url, pool, mutate)
    const other = new Actor<Fences>('B', url, pool, mutate)
    const round = async (prefix: string) => {
      const scene = await this.#scene(held)
      await one.start(() => first(one, scene, this.ledger))
      await other.start(() => second(other, scene, this.ledger))
      const played = await play([one, other], prefix)
      await judge(scene, [one, other], played)
      return played
    }
    try {
      return await everyOrder(round, sample)
    } finally {
      await Promise.all([one.close(), other.close()])
    }
  }

  async #scene(held: Pair['held']): Promise<Scene> {
    const number = ++this.#number
    const holder = await this.ledger.holder()
    if (held === 'no') return { number, holder, grant: { index: 0 } as Grant }
    const { grants } = await this.ledger.claim(this.opened.db.pool, holder, [number])
    const [grant] = grants
    if (!grant) throw new Error('the number could not be claimed')
    if (held === 'expired') {
      await this.opened.query('UPDATE onceover.lease SET expires_at = now() WHERE id = $1', [
        holder.lease,
      ])
    }
    return { number, holder, grant }
  }

  /**
   * What must be true of every order: nobody failed; who says that it paid did, and nobody else;
   * paid once where the claim is done, else not at all; a cancelled run holds nothing; and whoever
   * comes next leaves the number paid once.
   */
  async judge(
    { number, holder }: Scene,
    actors: readonly Actor<Fences>[],
    { order }: Played,
    pays = false,
  ): Promise<void> {
    const told: bigint[] = []
    for (const { outcome } of actors) {
      if (outcome?.status !== 'fulfilled') throw new Error(`${order}: ${outcome?.reason}`)
      told.push(...outcome.value)
    }
    const effects = await this.opened.query('SELECT fence FROM effect WHERE number = $1', [number])
    const fences = effects.map(({ fence }) => BigInt(String(fence)))
    const [row] = await this.opened.query(
      `SELECT claim.state, run.state AS run FROM onceover.claim
         JOIN onceover.run ON run.id = claim.run_id WHERE key = jsonb_build_array($1::int)`,
      [number],
    )
    const done = row?.state === 'done'
    expect({ order, told: new Set(told), times: fences.length }).toEqual({
      order,
      told: new Set(fences),
      times: done ? 1 : 0,
    })
    expect({ order, state: row?.state, run: row?.run }).not.toMatchObject({
      state: expect.stringMatching(/claimed|failed|exhausted/),
      run: 'cancelled',
    })
    if (pays) expect({ order, done }).toEqual({ order, done: true })
    await this.ledger.heal(this.opened.db.pool, [number])
    const count = await countOf(this.opened.db.pool, [number])
    expect({ order, run: holder.run, ...count }).toEqual({ order, run: holder.run, ...allOnce(1) })
  }
}
