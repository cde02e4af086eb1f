import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Grant } from '../../src/claims/claim.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { allOnce, countOf } from './count.ts'
import { type Holder, Ledger } from './ledger.ts'
import { PAYOUTS } from './payouts.ts'
import { Actor, everyOrder, type Mutate, play } from './stepper.ts'

// In full: ONCEOVER_ORDERS=20000 npm test -- test/crashes/interleavings.test.ts
const MOST = Number(process.env.ONCEOVER_ORDERS ?? 300)
const TIME_LIMIT_MS = 3_600_000

let opened: Opened
let ledger: Ledger
let number = 0
beforeAll(async () => {
  opened = await open(PAYOUTS)
  const name = new URL(opened.db.url).pathname.slice(1)
  await opened.query(`ALTER DATABASE ${name} SET deadlock_timeout = '30ms'`)
  ledger = await Ledger.open(opened.db.pool)
})
afterAll(() => opened.close())

/** Who holds the number, and with what, before the two begin. */
interface Scene {
  readonly number: number
  readonly holder: Holder
  readonly grant: Grant
}

type Fences = readonly bigint[]

/** One side of a pair: what it does, and the fences that it says it paid under. */
type Side = (actor: Actor<Fences>, scene: Scene) => Promise<Fences>

const claims: Side = async ({ pool }, scene) => {
  const holder = await ledger.holder()
  const { grants } = await ledger.claim(pool, holder, [scene.number])
  expect(grants.length).toBeLessThanOrEqual(1)
  return []
}

const claimsAndCompletes: Side = async ({ pool }, scene) => {
  const holder = await ledger.holder()
  const { grants } = await ledger.claim(pool, holder, [scene.number])
  const { saved } = await ledger.complete(pool, holder, grants)
  return saved.map(({ fence }) => fence)
}

const completes: Side = async ({ pool }, { holder, grant }) => {
  const { saved } = await ledger.complete(pool, holder, [grant])
  return saved.map(({ fence }) => fence)
}

const fails: Side = async ({ pool }, { holder, grant }) => {
  await ledger.fail(pool, holder, grant)
  return []
}

const cancels: Side = async ({ pool }, { holder }) => {
  await ledger.cancel(pool, holder)
  return []
}

/** Claims under the run of the scene, which the other side cancels. */
const claimsForTheRun: Side = async ({ pool }, { number, holder }) => {
  const { grants } = await ledger.claim(pool, holder, [number])
  const { saved } = grants.length > 0 ? await ledger.complete(pool, holder, grants) : { saved: [] }
  return saved.map(({ fence }) => fence)
}

interface Pair {
  readonly name: string
  readonly sides: readonly [Side, Side]
  /** Whether the number is held when the two begin, and by a lease that has run out. */
  readonly held: 'no' | 'alive' | 'expired'
}

const PAIRS: readonly Pair[] = [
  { name: 'claim and claim', sides: [claims, claims], held: 'no' },
  { name: 'claim and complete', sides: [claims, completes], held: 'alive' },
  { name: 'takeover and complete', sides: [claims, completes], held: 'expired' },
  { name: 'takeover and fail', sides: [claims, fails], held: 'expired' },
  { name: 'takeover and takeover', sides: [claims, claims], held: 'expired' },
  { name: 'claim and cancel', sides: [claimsForTheRun, cancels], held: 'no' },
  { name: 'complete and cancel', sides: [completes, cancels], held: 'alive' },
  { name: 'fail and cancel', sides: [fails, cancels], held: 'alive' },
  { name: 'takeover and cancel', sides: [claims, cancels], held: 'expired' },
  { name: 'the same complete twice', sides: [completes, completes], held: 'alive' },
  {
    name: 'claim with complete, and the complete of who held it',
    sides: [claimsAndCompletes, completes],
    held: 'expired',
  },
  {
    name: 'claim with complete, twice',
    sides: [claimsAndCompletes, claimsAndCompletes],
    held: 'no',
  },
]

async function scene(held: Pair['held']): Promise<Scene> {
  number++
  const holder = await ledger.holder({ expired: false })
  if (held === 'no') return { number, holder, grant: { index: 0 } as Grant }
  const { grants } = await ledger.claim(opened.db.pool, holder, [number])
  if (held === 'expired') {
    await opened.query('UPDATE onceover.lease SET expires_at = now() WHERE id = $1', [holder.lease])
  }
  const [grant] = grants
  if (!grant) throw new Error('the number could not be claimed')
  return { number, holder, grant }
}

/** Plays every order of a pair, and holds each to what must be true of it. */
async function playPair({ sides, held }: Pair, mutate?: Mutate): Promise<number> {
  const actors = ['A', 'B'].map(
    (name) => new Actor<Fences>(name, opened.db.url, opened.db.pool, mutate),
  )
  const [one, other] = actors as [Actor<Fences>, Actor<Fences>]
  try {
    return await everyOrder(
      async (prefix) => {
        const stage = await scene(held)
        await one.start(() => sides[0](one, stage))
        await other.start(() => sides[1](other, stage))
        const played = await play([one, other], prefix)
        await judge(stage, actors, played.order)
        return played
      },
      { most: MOST },
    )
  } finally {
    for (const actor of actors) await actor.close()
  }
}

async function judge(stage: Scene, actors: readonly Actor<Fences>[], order: string) {
  const told: bigint[] = []
  for (const { outcome } of actors) {
    if (outcome?.status !== 'fulfilled') throw new Error(`${order}: ${outcome?.reason}`)
    told.push(...outcome.value)
  }
  const effects = await opened.query('SELECT fence FROM effect WHERE number = $1', [stage.number])
  const fences = effects.map(({ fence }) => BigInt(String(fence)))
  const [row] = await opened.query(
    'SELECT state, fence, unit FROM onceover.claim WHERE key = jsonb_build_array($1::int)',
    [stage.number],
  )
  const done = row?.state === 'done'
  // Said to be paid, if and only if it is; done, if and only if it is.
  expect.soft({ order, told: new Set(told), times: fences.length }).toEqual({
    order,
    told: new Set(fences),
    times: done ? 1 : 0,
  })
  await ledger.heal(opened.db.pool, [stage.number])
  const count = await countOf(opened.db.pool, [stage.number])
  if (count.once !== 1) throw new Error(`${order}: ${JSON.stringify({ ...count, row })}`)
  expect(count).toEqual(allOnce(1))
}

describe('every order of the statements of', () => {
  test.each(PAIRS)(
    '$name: one owner pays, and who says so did',
    async (pair) => {
      const played = await playPair(pair)
      console.info(`${pair.name}: ${played} orders, 0 doubled, 0 lost`)
      expect(played).toBeGreaterThan(10)
    },
    TIME_LIMIT_MS,
  )
})
