import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Onceover, OnceoverError, onceover } from '../../src/index.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { allOnce, countOf } from './count.ts'
import { CUTS, type Cut, type CutProxy, cutProxy } from './cut-proxy.ts'
import { heal } from './heal.ts'
import { FLOWS, type Flow, PAYOUTS, Provider, payoutsBy, unitsOf } from './payouts.ts'

// In full: ONCEOVER_CUT_STRIDE=1 npm test -- test/crashes/cuts.test.ts
const STRIDE = Number(process.env.ONCEOVER_CUT_STRIDE ?? 3)
const TIME_LIMIT_MS = 3_600_000
const LEASE = '3s'
const HALF_OPEN_LANES = 6

let opened: Opened
let provider: Provider
let healer: Onceover
let numbers = 0
beforeAll(async () => {
  opened = await open(PAYOUTS)
  provider = new Provider(opened.db.url)
  healer = await onceover({ db: opened.db.url, lease: LEASE, worker: 'healer' })
})
afterAll(async () => {
  await healer.close()
  await provider.close()
  await opened.close()
})

/** A worker behind a proxy, whose guard is known and whose lease is open. */
interface CutWorker {
  readonly once: Onceover
  readonly proxy: CutProxy
  close(): Promise<void>
}

async function cutWorker(): Promise<CutWorker> {
  const proxy = await cutProxy(opened.db.url)
  const pool = new pg.Pool({ connectionString: proxy.url, application_name: 'work' })
  pool.on('error', () => {})
  const once = await onceover({ db: pool, lease: LEASE, worker: 'cut' })
  await once.runOne(payoutsBy('save', provider), { key: { number: ++numbers } })
  return {
    once,
    proxy,
    close: async () => {
      await once.close()
      await pool.end()
      await proxy.close()
    },
  }
}

interface Tally {
  cuts: number
  /** Runs that went on by themselves, and those that ended in an error with a name. */
  resolved: number
  refused: number
  /** COMMITs of saves whose answer was lost, and which had happened, or not. */
  committed: number
  not: number
}

const paidNow = async (units: readonly number[]): Promise<number> =>
  Number(
    (await opened.query('SELECT count(*) FROM effect WHERE number = ANY ($1)', [units]))[0]?.count,
  )

interface Seen {
  /** Units that the run said it made. */
  told: number
  /** How often a save ran, in all and before the cut. */
  saves: number
  savesBefore: number
  /** Whether it was the COMMIT of a save whose answer was lost. */
  inDoubt: boolean
}

interface Case {
  readonly flow: Flow
  readonly how: Cut
  readonly at: number
}

const unitsFor = (flow: Flow): number[] =>
  Array.from({ length: flow === 'saveAll' ? 3 : 1 }, () => ++numbers)

/** One run that is cut at its nth message, where it sends as many. */
async function cutOnce({ once, proxy }: CutWorker, { flow, how, at }: Case, tally: Tally) {
  const units = unitsFor(flow)
  const seen: Seen = { told: 0, saves: 0, savesBefore: 0, inDoubt: false }
  proxy.cut(at, how, (message) => {
    seen.savesBefore = seen.saves
    seen.inDoubt = message.includes('COMMIT\0') && seen.saves > 0 && seen.told === 0
  })
  const outcome = await once
    .run(payoutsBy(flow, provider, { saving: () => seen.saves++ }), unitsOf(units), {
      onVerdicts: (verdicts) => {
        seen.told += verdicts.filter(({ verdict }) => verdict === 'created').length
      },
    })
    .catch((error: unknown) => error)
  const { cutAt } = proxy
  proxy.cut(Number.NaN, how)
  // What it said is true while it still lives, before anybody else did anything.
  const where = { cutAt, how, flow }
  expect({ ...where, told: seen.told }).toEqual({ ...where, told: await paidNow(units) })
  if (outcome instanceof Error) {
    expect(outcome).toBeInstanceOf(OnceoverError)
    console.info(`${how} ${at}: ${outcome.message}`)
  }
  await heal(healer, provider, flow, units)
  const count = await countOf(opened.db.pool, units)
  expect({ ...where, ...count }).toEqual({ ...where, ...allOnce(units.length) })
  if (cutAt === undefined) return
  tally.cuts++
  tally[outcome instanceof Error ? 'refused' : 'resolved']++
  if (seen.inDoubt) tally[seen.saves === seen.savesBefore ? 'committed' : 'not']++
}

/** How many messages a run of a flow sends. */
async function messagesOf({ once, proxy }: CutWorker, flow: Flow): Promise<number> {
  proxy.cut(Number.NaN, 'dropped')
  await once.run(payoutsBy(flow, provider), unitsOf(unitsFor(flow)))
  return proxy.messages
}

/** Cuts runs of a flow at every nth message. */
async function cutEverywhere(flow: Flow, how: Cut, tally: Tally): Promise<void> {
  // What the server is not told of it waits out: such runs wait beside each other.
  const lanes = how.endsWith('half-open') ? HALF_OPEN_LANES : 1
  let at = 1 + (FLOWS.indexOf(flow) % STRIDE)
  const lane = async () => {
    const worker = await cutWorker()
    try {
      const messages = await messagesOf(worker, flow)
      while (at <= messages) {
        const each = { flow, how, at }
        at += STRIDE
        await cutOnce(worker, each, tally)
      }
    } finally {
      await worker.close()
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

test(
  'a connection cut at any message of a run: each unit is made once, and what was said is so',
  async () => {
    const total: Tally = { cuts: 0, resolved: 0, refused: 0, committed: 0, not: 0 }
    const work = FLOWS.map(async (flow) => {
      const tally: Tally = { ...total }
      await Promise.all(CUTS.map((how) => cutEverywhere(flow, how, tally)))
      console.info(`${flow}: ${JSON.stringify(tally)}, 0 doubled, 0 lost`)
      return tally
    })
    const tallies = await Promise.all(work)
    const sum = (name: keyof Tally) => tallies.reduce((all, each) => all + each[name], 0)
    expect(sum('cuts')).toBeGreaterThan(200 / STRIDE)
    // Guessing would be wrong either way.
    expect(sum('committed')).toBeGreaterThan(0)
    expect(sum('not')).toBeGreaterThan(0)
  },
  TIME_LIMIT_MS,
)
