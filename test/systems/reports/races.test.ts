import { type Onceover, onceover } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { student } from '../../../systems/reports/fixture.ts'
import {
  generateMany,
  generateOne,
  openReports,
  type ReportSystem,
} from '../../../systems/reports/generate.ts'
import { INCIDENT_DATE } from '../../../systems/reports/incident.ts'
import { readMetrics } from '../../../systems/reports/metrics.ts'
import { windowOn } from '../../../systems/reports/period.ts'
import { countBatches, listBatches } from '../../../systems/reports/stored.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'
import { answerMore, type TestSystem, testSystem } from './system.ts'

const STUDENTS = 30
const RUNNERS = 3
const ROUNDS = 8
const WEEK = { period: 'weekly', date: INCIDENT_DATE } as const

let system: TestSystem
const runners: { once: Onceover; pool: pg.Pool; system: ReportSystem }[] = []
let writerCalls = 0

beforeAll(async () => {
  system = await testSystem(STUDENTS)
  const writer = {
    ...templateWriter,
    write: (...given: Parameters<typeof templateWriter.write>) => {
      writerCalls++
      return templateWriter.write(...given)
    },
  }
  for (let n = 0; n < RUNNERS; n++) {
    const pool = new pg.Pool({ connectionString: system.url, max: 4 })
    pool.on('error', () => undefined)
    const once = await onceover({ db: pool, worker: `runner ${n}` })
    runners.push({ once, pool, system: openReports(once, pool, writer) })
  }
})
afterAll(async () => {
  for (const { once, pool } of runners) {
    await once.close()
    await pool.end()
  }
  await system.drop()
})

const all = <Result>(work: (of: ReportSystem, n: number) => Promise<Result>) =>
  Promise.all(runners.map((runner, n) => work(runner.system, n)))

test('runners with the same list share it out: each student is generated once', async () => {
  const answers = await all((of) => generateMany(of, WEEK))
  const sum = (name: 'created' | 'failed' | 'reports') =>
    answers.reduce((total, { totals }) => total + totals[name], 0)
  expect([sum('created'), sum('failed'), sum('reports')]).toEqual([STUDENTS, 0, 8 * STUDENTS])
  expect(writerCalls).toBe(8 * STUDENTS)
  expect(await countBatches(system.pool)).toEqual({
    ...{ batches: STUDENTS, reports: 8 * STUDENTS, incomplete: 0, fewest: 8 },
  })
})

test('whatever data comes in meanwhile, one more run leaves every batch up to date', async () => {
  let looking = true
  const fewest = (async () => {
    let least = 8
    while (looking) least = Math.min(least, (await countBatches(system.pool)).fewest ?? 8)
    return least
  })()
  await all(async (of, n) => {
    for (let round = 0; round < ROUNDS; round++) {
      const place = (round * 7 + n * 3) % STUDENTS
      await answerMore(system.pool, place)
      const outcome = await generateOne(of, student((place + n) % STUDENTS).id, WEEK)
      expect(['replaced', 'unchanged']).toContain(outcome?.outcome)
      if (round % 4 === n) await generateMany(of, WEEK)
    }
  })
  looking = false
  expect(await fewest).toBe(8)

  const { totals } = await generateMany(system, WEEK)
  expect(totals.replaced + totals.unchanged).toBe(STUDENTS)
  const batches = await listBatches(system.pool, { limit: STUDENTS + 1 })
  expect(batches).toHaveLength(STUDENTS)
  const metrics = await readMetrics(
    system.pool,
    batches.map(({ userId }) => {
      const { timeZone } = student(Number.parseInt(userId.slice(-12), 16))
      return { userId, ...windowOn('weekly', timeZone, INCIDENT_DATE) }
    }),
  )
  expect(batches.map(({ questions, grade, accuracy }) => [questions, grade, accuracy])).toEqual(
    metrics.map((each) => [each?.questions, each?.grade, each?.accuracy]),
  )
  expect((await generateMany(system, WEEK)).totals.unchanged).toBe(STUDENTS)
})
