import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Onceover, onceover } from '../../src/index.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { allOnce, countOf } from './count.ts'
import { heal } from './heal.ts'
import { NAIVE, payNaively } from './naive.ts'
import { FLOWS, type Flow, PAYOUTS, Provider } from './payouts.ts'
import { inLanes, startProcess } from './processes.ts'
import { type CrashTask, MOMENTS, type Moment } from './task.ts'

// In full: ONCEOVER_KILL_STRIDE=1 npm test -- test/crashes/killed.test.ts
const STRIDE = Number(process.env.ONCEOVER_KILL_STRIDE ?? 10)
const TIME_LIMIT_MS = 3_600_000
const LANES = 3
const NEVER = 1_000_000

let opened: Opened
let provider: Provider
let healer: Onceover
let numbers = 0
beforeAll(async () => {
  opened = await open(PAYOUTS + NAIVE)
  provider = new Provider(opened.db.url)
  healer = await onceover({ db: opened.db.url, lease: '1s', worker: 'healer' })
})
afterAll(async () => {
  await healer.close()
  await provider.close()
  await opened.close()
})

type TaskFlow = Flow | 'naive'

const next = (flow: TaskFlow): number[] =>
  Array.from({ length: flow === 'saveAll' ? 3 : 1 }, () => ++numbers)

const paidAmong = async (units: readonly number[]): Promise<number> =>
  Number(
    (await opened.query('SELECT count(*) FROM effect WHERE number = ANY ($1)', [units]))[0]?.count,
  )

/** How many statements a run of a flow sends, to its end. */
async function statementsOf(flow: TaskFlow): Promise<number> {
  const kill = { at: NEVER, moment: MOMENTS[0] }
  const child = startProcess({ url: opened.db.url, flow, numbers: next(flow), kill })
  return (await child.told('done')).statements
}

interface Killed {
  /** Processes that were killed. */
  killed: number
  /** Units that were paid when their process was dead. */
  readonly paidBefore: number
  readonly units: readonly number[]
}

/** Kills a process for every moment around every statement, with units of its own for each. */
async function killEverywhere(flow: TaskFlow, stride: number): Promise<Killed> {
  const statements = await statementsOf(flow)
  const points = Array.from({ length: statements }, (_, place) =>
    MOMENTS.map((moment: Moment) => ({ at: place + 1, moment })),
  ).flat()
  const chosen = points.filter(
    (_, place) => place % stride === FLOWS.indexOf(flow as Flow) % stride,
  )
  const tasks = chosen.map((kill): CrashTask => {
    return { url: opened.db.url, flow, numbers: next(flow), kill }
  })
  let killed = 0
  await inLanes(tasks, LANES, async (task) => {
    if ((await startProcess(task).ended) === 'killed') killed++
  })
  const units = tasks.flatMap((task) => task.numbers)
  expect(killed).toBe(tasks.length)
  return { killed, paidBefore: await paidAmong(units), units }
}

test.each(FLOWS)(
  'a process killed at any statement of a run pays once, when another comes after it: %s',
  async (flow) => {
    const { killed, paidBefore, units } = await killEverywhere(flow, STRIDE)
    await heal(healer, provider, flow, units)
    const count = await countOf(opened.db.pool, units)
    console.info(`${flow}: ${JSON.stringify({ killed, paidBefore, ...count })}`)
    expect(count).toEqual(allOnce(units.length))
    // Both sides of the commit were hit, or there was nothing to heal, or nothing to keep.
    expect(paidBefore).toBeGreaterThan(0)
    expect(paidBefore).toBeLessThan(units.length)
  },
  TIME_LIMIT_MS,
)

test(
  'one that takes, pays and marks doubles: the trial can fail',
  async () => {
    const { killed, units } = await killEverywhere('naive', 1)
    for (let waiting = units; waiting.length > 0; ) {
      await payNaively(opened.db.pool, waiting)
      const left = 'SELECT number FROM naive WHERE NOT done AND number = ANY ($1)'
      waiting = (await opened.query(left, [units])).map(({ number }) => Number(number))
    }
    const { doubled } = await countOf(opened.db.pool, units)
    console.info(`naive: ${JSON.stringify({ killed, doubled })}`)
    expect(doubled).toBeGreaterThan(0)
  },
  TIME_LIMIT_MS,
)
