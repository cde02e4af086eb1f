import { afterAll, beforeAll, expect, test } from 'vitest'
import { forkWorkers } from '../../../systems/fork-workers.ts'
import { bookPortfolio, plantBook } from '../../../systems/snapshots/book.ts'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import type { Approach, CloseResult, CloseTask } from '../../../systems/snapshots/tasks.ts'
import type { KilledTask, SurvivedResult } from './killed-worker.ts'
import { type TestSystem, testSystem } from './system.ts'

const KILLED = new URL('killed-worker.mjs', import.meta.url)
const WORKER = new URL('worker-from-source.mjs', import.meta.url)
const BOOK = { portfolios: 80, from: '2025-11-17', until: '2025-11-17' }
const NEVER = 1_000_000
const AT_ONCE = 2
/** How many points to kill at, spread evenly over all of them; each needs a process of its own. */
const KILLS = Number(process.env.ONCEOVER_SNAPSHOT_KILLS ?? 22)
const WHOLE_TRIAL_MS = 300_000

let guarded: TestSystem
let naive: TestSystem
beforeAll(async () => {
  guarded = await testSystem()
  naive = await testSystem({ enforced: false })
  for (const { pool } of [guarded, naive]) await plantBook(pool, BOOK)
})
afterAll(() => Promise.all([guarded.drop(), naive.drop()]))

const taskOf = (system: TestSystem, approach: Approach, n: number): CloseTask => ({
  url: system.database.url,
  approach,
  days: { ...BOOK, portfolioIds: [bookPortfolio(n)] },
  actor: `portfolio ${n}`,
})

/** How many statements one run has. */
async function statementsOf(system: TestSystem, approach: Approach, n: number): Promise<number> {
  const task: KilledTask = { ...taskOf(system, approach, n), killAt: NEVER, sent: false }
  const [result] = await forkWorkers<KilledTask, SurvivedResult>(KILLED, [task])
  return result?.statements ?? 0
}

/** Kills a run of a portfolio of its own at each statement, before or after it is sent. */
async function killEverywhere(system: TestSystem, approach: Approach) {
  const points = 2 * (await statementsOf(system, approach, BOOK.portfolios))
  const kills = Math.min(KILLS, points)
  const tasks = Array.from({ length: kills }, (_, place): KilledTask => {
    const point = Math.floor((place * points) / kills)
    const killAt = 1 + Math.floor(point / 2)
    return { ...taskOf(system, approach, place + 1), killAt, sent: point % 2 === 1 }
  })
  expect(tasks.length).toBeLessThan(BOOK.portfolios)
  let killed = 0
  const waiting = [...tasks]
  const kill = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      await forkWorkers<KilledTask, SurvivedResult>(KILLED, [task]).catch((error: unknown) => {
        if (!String(error).includes('SIGKILL')) throw error
        killed++
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, kill))
  const portfolioIds = tasks.flatMap(({ days }) => days.portfolioIds)
  const task: CloseTask = { ...taskOf(system, approach, 1), days: { ...BOOK, portfolioIds } }
  await forkWorkers<CloseTask, CloseResult>(WORKER, [task, task])
  return { kills, killed, portfolioIds }
}

const KILLED_RUNS = 'a run killed at any statement changes equity once, when the day is run again'
test(KILLED_RUNS, { timeout: WHOLE_TRIAL_MS }, async () => {
  const { kills, killed, portfolioIds } = await killEverywhere(guarded, 'onceover')
  // Statements of the heartbeat come when they come, so that a run may end before its point.
  expect(killed).toBeGreaterThan(kills / 2)
  expect(await listBreaks(guarded.pool, portfolioIds)).toEqual([])
  const { rows } = await guarded.pool.query(
    `SELECT count(*)::int AS snapshots, count(*) FILTER (WHERE is_complete)::int AS complete
     FROM portfolio_snapshots WHERE portfolio_id = ANY ($1)`,
    [portfolioIds],
  )
  expect(rows).toEqual([{ snapshots: kills, complete: kills }])
})

test("the incident's code killed in the same way does not: the trial can fail", async () => {
  const { portfolioIds } = await killEverywhere(naive, 'naive')
  expect(await listBreaks(naive.pool, portfolioIds)).not.toEqual([])
})
