import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Onceover, onceover } from '../../src/index.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { allOnce, countOf } from './count.ts'
import { heal } from './heal.ts'
import { NAIVE, payNaively } from './naive.ts'
import { PAYOUTS, Provider } from './payouts.ts'
import { startProcess } from './processes.ts'
import type { CrashTask } from './task.ts'

// In full: ONCEOVER_PAUSES=100 npm test -- test/crashes/paused.test.ts
const PAUSES = Number(process.env.ONCEOVER_PAUSES ?? 2)
const TIME_LIMIT_MS = 3_600_000

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

/**
 * Stops a process in the middle of its unit, lets others finish the unit, and lets the process go
 * on as if nothing had happened. Answers with what it then said.
 */
async function pauseIn(
  task: CrashTask,
  others: () => Promise<unknown>,
): Promise<readonly string[]> {
  const child = startProcess(task)
  await child.told('paused')
  child.process.kill('SIGSTOP')
  await others()
  child.process.kill('SIGCONT')
  // What it was waiting for has come long ago. Woken, it may have heard of its lease and ended.
  child.process.send('go on', () => {})
  if (task.flow !== 'naive' && task.pauseIn === 'make') {
    expect(await child.told('aborted')).toMatchObject({ code: 'LEASE_LOST' })
  }
  return (await child.told('done')).verdicts
}

test.each(['make', 'save'] as const)(
  'a process that stands still in its %s until its lease is over writes nothing after it',
  async (place) => {
    const units: number[] = []
    for (let round = 0; round < PAUSES; round++) {
      const number = ++numbers
      units.push(number)
      const task = { url: opened.db.url, flow: 'save', numbers: [number], pauseIn: place } as const
      const said = await pauseIn(task, () => heal(healer, provider, 'save', [number]))
      expect(said).not.toContain('created')
    }
    const count = await countOf(opened.db.pool, units)
    console.info(`${place}: ${JSON.stringify(count)}`)
    expect(count).toEqual(allOnce(PAUSES))
  },
  TIME_LIMIT_MS,
)

test(
  'one that takes, pays and marks doubles: the trial can fail',
  async () => {
    const number = ++numbers
    const task = { url: opened.db.url, flow: 'naive', numbers: [number], pauseIn: 'make' } as const
    await pauseIn(task, async () => {
      for (;;) {
        const [verdict] = await payNaively(opened.db.pool, [number])
        if (verdict === 'created') return
      }
    })
    expect(await countOf(opened.db.pool, [number])).toMatchObject({ doubled: 1 })
  },
  TIME_LIMIT_MS,
)
