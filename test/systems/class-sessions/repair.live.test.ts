import { afterAll, beforeAll, expect, test } from 'vitest'
import { sessions } from '../../../systems/class-sessions/guards.ts'
import { naiveRun } from '../../../systems/class-sessions/naive.ts'
import { count, openSchool, type TestSchool } from './school.ts'

const SERIES = 12
const GENERATORS = 3
const RUN = { now: '2025-10-16T20:03:00+09:00', days: 14, check: 'none' } as const

let school: TestSchool

beforeAll(async () => {
  school = await openSchool(SERIES)
  await school.once.migrate()
})

afterAll(() => school?.drop())

/** The naive generator, run again and again until it is told to stop; how often it ran. */
async function runOnAndOn(stop: AbortSignal): Promise<number> {
  let runs = 0
  while (!stop.aborted) {
    await naiveRun(school.pool, RUN)
    runs += 1
  }
  return runs
}

test('generators that run on all the while are no reason to stop them', async () => {
  await naiveRun(school.pool, RUN)
  const distinct = await count(school, 'class_sessions')
  await naiveRun(school.pool, RUN)
  expect(await count(school, 'class_sessions')).toBe(2 * distinct)

  const stop = new AbortController()
  const generators = Array.from({ length: GENERATORS }, () => runOnAndOn(stop.signal))
  const { created, repairs } = await school.once
    .enforce(sessions, { repair: true, actor: 'ana', reason: 'doubled sessions' })
    .finally(() => stop.abort())
  const runs = await Promise.all(generators)

  expect(created).toBe(true)
  expect(repairs.reduce((sum, { removed }) => sum + removed, 0)).toBeGreaterThanOrEqual(distinct)
  expect(Math.min(...runs)).toBeGreaterThan(0)
  expect(await count(school, 'class_sessions')).toBe(distinct)
  const [report] = await school.once.scan(sessions)
  expect(report).toMatchObject({ duplicates: { groups: 0, excess: 0 } })
})

test('the naive generator is right from then on: the constraint it needs is there', async () => {
  expect(await naiveRun(school.pool, RUN)).toMatchObject({ created: 0 })
})
