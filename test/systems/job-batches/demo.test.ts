import { afterAll, expect, test } from 'vitest'
import { holds } from '../../../systems/demo-report.ts'
import { demoWith } from '../../../systems/job-batches/demo.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

const WORKER = new URL('worker-from-source.mjs', import.meta.url)
const databases: TestDatabase[] = []
afterAll(() => Promise.all(databases.map((database) => database.drop())))

async function freshDatabase(): Promise<string> {
  const database = await testDatabase()
  databases.push(database)
  return database.url
}

test('the demo measures 4 batches and 16 jobs naive, 2 and 8 through Onceover', async () => {
  const progress: string[] = []

  const report = await demoWith(WORKER)({
    workers: 4,
    progress: (line) => progress.push(line),
    freshDatabase,
  })

  const measured = report.figures.map(({ what, naive, onceover }) => [
    what,
    naive?.value,
    onceover?.value,
  ])
  expect(measured).toEqual([
    ['batches after two runs', 4, 2],
    ['jobs after two runs', 16, 8],
    ['paid submissions of these jobs', 16, 8],
    [expect.stringContaining('killed between call and record'), 16, 8],
    [expect.stringContaining('the API was asked'), undefined, 8],
    [expect.stringContaining('the record refused once'), 16, 8],
    [expect.stringContaining('paid calls avoided'), undefined, 8],
    [expect.stringContaining('batches: 10 configurations'), expect.any(Number), 20],
    [expect.stringContaining('jobs: 10 configurations'), expect.any(Number), 80],
    [expect.stringContaining('runs refused'), undefined, 30],
  ])
  for (const { naive, onceover } of report.figures) {
    for (const figure of [naive, onceover]) if (figure) expect(holds(figure)).toBe(true)
  }
  expect(report.notes?.[0]).toContain('EDM_CREATION: batch')
  expect(progress.length).toBeGreaterThan(0)
})
