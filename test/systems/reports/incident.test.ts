import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { student } from '../../../systems/reports/fixture.ts'
import {
  requestDuringInsert,
  requestReports,
  watchedWriter,
} from '../../../systems/reports/incident.ts'
import { generateAfterCheck, naiveRoutes } from '../../../systems/reports/naive.ts'
import { reportRoutes } from '../../../systems/reports/routes.ts'
import { countBatches } from '../../../systems/reports/stored.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'
import { answerMore, type TestSystem, testSystem } from './system.ts'

let system: TestSystem

beforeAll(async () => {
  system = await testSystem(6)
})
afterAll(() => system.drop())
beforeEach(() => {
  system.asked.length = 0
})

test('a retry is answered, told what existed, and costs nothing', async () => {
  expect(await requestReports(system.app, 0)).toMatchObject({ status: 201 })
  for (const _ of [1, 2]) {
    expect(await requestReports(system.app, 0)).toMatchObject({
      status: 200,
      body: { outcome: 'unchanged', existing: { status: 'completed' }, oldReports: 0 },
    })
  }
  expect(system.asked).toHaveLength(8)
})

test('requests at once make one batch; the others wait and are told of it', async () => {
  const answers = await Promise.all([1, 1, 1, 1, 1].map((n) => requestReports(system.app, n)))
  const outcomes = answers.map(({ body }) => body.outcome).sort()
  expect(outcomes).toEqual(['created', ...Array(4).fill('unchanged')])
  expect(new Set(answers.map(({ body }) => body.batch)).size).toBe(1)
  expect(system.asked).toHaveLength(8)
})

test('a reader sees eight reports, old or new, at every moment of a regeneration', async () => {
  const seen: number[] = []
  const app = reportRoutes(system.with(watchedWriter(system.pool, 2, seen)))
  expect((await requestReports(app, 2)).status).toBe(201)
  seen.length = 0
  await answerMore(system.pool, 2)
  expect(await requestReports(app, 2)).toMatchObject({ body: { outcome: 'replaced' } })
  expect(seen).toEqual(Array(8).fill(8))
})

test('losing to code that knows nothing of us is an answer, not a 500', async () => {
  const answer = await requestDuringInsert(system.app, system.pool, 3)
  expect(answer).toMatchObject({
    status: 200,
    body: { outcome: 'exists', existing: { status: 'completed' }, reports: 0 },
  })
})

test('what a crash of the incident’s code left is adopted, with its id', async () => {
  const broken = { ...templateWriter, write: () => Promise.reject(new Error('killed')) }
  const naive = naiveRoutes({ pool: system.pool, writer: broken }, generateAfterCheck)
  expect((await requestReports(naive, 4)).status).toBe(500)
  const { rows } = await system.pool.query(
    'SELECT id, status FROM parent_report_batches WHERE user_id = $1',
    [student(4).id],
  )
  expect(rows).toMatchObject([{ status: 'processing' }])
  const answer = await requestReports(system.app, 4, { onDuplicate: 'skip' })
  expect(answer.body).toMatchObject({ batch: rows[0].id, reports: 8, oldReports: 0 })
  expect(answer.body.warning).toContain('existed (processing)')
})

test('a batch that was deleted is made again', async () => {
  const first = await requestReports(system.app, 5)
  await system.pool.query('DELETE FROM parent_report_batches WHERE id = $1', [first.body.batch])
  const again = await requestReports(system.app, 5)
  expect(again).toMatchObject({ status: 201, body: { outcome: 'created', reports: 8 } })
  expect(await countBatches(system.pool)).toMatchObject({ batches: 5 + 1 })
})
