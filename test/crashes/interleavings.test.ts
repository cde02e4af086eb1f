import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countOf } from './count.ts'
import { MARK, payNaively } from './naive.ts'
import { type Pair, type Side, Stage } from './pairs.ts'
import { pay } from './payouts.ts'
import type { Mutate } from './stepper.ts'

// In full: ONCEOVER_ORDERS=20000 npm test -- test/crashes/interleavings.test.ts
const MOST = Number(process.env.ONCEOVER_ORDERS ?? 40)
const SEED = Number(process.env.ONCEOVER_SEED ?? 7)
const SAMPLE = { most: MOST, seed: SEED }
const TIME_LIMIT_MS = 7_200_000

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterAll(() => stage.opened.close())

const claims: Side = async ({ pool }, { number }, ledger) => {
  await ledger.claim(pool, await ledger.holder(), [number])
  return []
}

const claimsForTheRun: Side = async ({ pool }, { number, holder }, ledger) => {
  await ledger.claim(pool, holder, [number])
  return []
}

const claimsAndCompletes: Side = async ({ pool }, { number }, ledger) => {
  const holder = await ledger.holder()
  const { grants } = await ledger.claim(pool, holder, [number])
  if (grants.length === 0) return []
  const { saved } = await ledger.complete(pool, holder, grants)
  return saved.map(({ fence }) => fence)
}

const claimsForTheRunAndCompletes: Side = async ({ pool }, { number, holder }, ledger) => {
  const { grants } = await ledger.claim(pool, holder, [number])
  if (grants.length === 0) return []
  const { saved } = await ledger.complete(pool, holder, grants)
  return saved.map(({ fence }) => fence)
}

const completes: Side = async ({ pool }, { holder, grant }, ledger) => {
  const { saved } = await ledger.complete(pool, holder, [grant])
  return saved.map(({ fence }) => fence)
}

const fails: Side = async ({ pool }, { holder, grant }, ledger) => {
  await ledger.fail(pool, holder, grant)
  return []
}

const gives: Side = async ({ pool }, { holder, grant }, ledger) => {
  await ledger.release(pool, holder, grant)
  return []
}

const beats: Side = async ({ pool }, { holder }, ledger) => {
  await ledger.beat(pool, holder)
  return []
}

const cancels: Side = async ({ pool }, { holder }, ledger) => {
  await ledger.cancel(pool, holder)
  return []
}

const PAIRS: readonly Pair[] = [
  { name: 'claim and claim', sides: [claims, claims], held: 'no' },
  { name: 'claim and complete', sides: [claims, completes], held: 'alive', pays: true },
  { name: 'claim and fail', sides: [claims, fails], held: 'alive' },
  { name: 'claim and give back', sides: [claims, gives], held: 'alive' },
  { name: 'takeover and complete', sides: [claims, completes], held: 'expired' },
  { name: 'takeover and fail', sides: [claims, fails], held: 'expired' },
  { name: 'takeover and give back', sides: [claims, gives], held: 'expired' },
  { name: 'takeover and beat', sides: [claims, beats], held: 'expired' },
  { name: 'takeover and takeover', sides: [claims, claims], held: 'expired' },
  { name: 'takeover and cancel', sides: [claims, cancels], held: 'expired' },
  { name: 'claim and cancel', sides: [claimsForTheRun, cancels], held: 'no' },
  {
    name: 'claim with complete, and cancel',
    sides: [claimsForTheRunAndCompletes, cancels],
    held: 'no',
  },
  { name: 'complete and cancel', sides: [completes, cancels], held: 'alive' },
  { name: 'complete and fail', sides: [completes, fails], held: 'alive' },
  { name: 'fail and cancel', sides: [fails, cancels], held: 'alive' },
  { name: 'the same complete twice', sides: [completes, completes], held: 'alive', pays: true },
  {
    name: 'takeover with complete, and complete',
    sides: [claimsAndCompletes, completes],
    held: 'expired',
    pays: true,
  },
  {
    name: 'claim with complete, twice',
    sides: [claimsAndCompletes, claimsAndCompletes],
    held: 'no',
    pays: true,
  },
]

const playPair = (pair: Pair, mutate?: Mutate): Promise<number> =>
  stage.play(
    pair,
    SAMPLE,
    (scene, actors, played) => stage.judge(scene, actors, played, pair.pays),
    mutate,
  )

const named = (name: string): Pair => {
  const pair = PAIRS.find((each) => each.name === name)
  if (!pair) throw new Error(`there is no pair ${name}`)
  return pair
}

describe('every order of the statements of', () => {
  test.each(PAIRS)(
    '$name: one owner pays, and who says so did',
    async (pair) => {
      const played = await playPair(pair)
      console.info(`${pair.name}: ${played} orders (seed ${SEED}), 0 doubled, 0 lost`)
      expect(played).toBeGreaterThan(3)
    },
    TIME_LIMIT_MS,
  )
})

const OWNED = /AND lease_id = (\$\d+)::uuid\s+AND state = 'claimed'/

/** Parts of the protocol that are taken out, and a pair that then goes wrong. */
const MUTANTS: readonly [name: string, pair: string, mutate: Mutate][] = [
  [
    'who completes is not asked for its lease, nor a new owner given a higher fence',
    'takeover with complete, and complete',
    (text) =>
      text.replace(OWNED, 'AND $1::uuid IS NOT NULL').replaceAll('claim.fence + 1', 'claim.fence'),
  ],
  [
    'a done claim is opened where its fence is the one that was seen',
    'takeover and complete',
    (text) => text.replace(/ AND EXCLUDED\.origin <> 'reopened'/, ' AND false'),
  ],
  [
    'a claim is not locked before its save',
    'complete and cancel',
    (text) => (text.includes('AS transaction') ? text.replace('FOR NO KEY UPDATE', '') : text),
  ],
  [
    'a claim is taken though its lease lives',
    'claim and complete',
    (text) =>
      text
        .replace(
          /(once_state = 'claimed') AND NOT once_dead THEN 'in_flight'/,
          "$1 AND false THEN 'in_flight'",
        )
        .replace(
          /claim\.state = 'claimed' AND NOT \(claim\.lease_id IN/,
          'false AND NOT (claim.lease_id IN',
        ),
  ],
  [
    'a claim does not wait for the cancel of its run',
    'claim and cancel',
    (text) => text.replace(' FOR SHARE', ''),
  ],
]

describe('a mutant of the protocol is found out', () => {
  test.each(MUTANTS)(
    'where %s',
    async (_, pair, mutate) => {
      const found = await playPair(named(pair), mutate).then(
        () => 'nothing',
        ({ message }: Error) => message,
      )
      // Not because PostgreSQL cannot read it.
      expect(found).toMatch(/^expected|ended the transaction that was to complete/)
    },
    TIME_LIMIT_MS,
  )
})

test('without a ledger orders double: the trial can fail', async () => {
  const goesOn: Side = async ({ pool }, { number }) => {
    await pay(pool, [number], [0n])
    await pool.query(MARK, [number])
    return []
  }
  const takesOver: Side = async ({ pool }, { number }) => {
    await payNaively(pool, [number])
    return []
  }
  let doubled = 0
  const pair: Pair = { name: 'naive', sides: [goesOn, takesOver], held: 'no' }
  const played = await stage.play(pair, { most: 1000, seed: SEED }, async ({ number }) => {
    const count = await countOf(stage.opened.db.pool, [number])
    doubled += count.doubled
  })
  console.info(`naive: ${doubled} of ${played} orders doubled`)
  expect(doubled).toBeGreaterThan(0)
})
