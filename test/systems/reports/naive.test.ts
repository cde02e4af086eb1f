import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSchema, plantStudents } from '../../../systems/reports/fixture.ts'
import {
  INCIDENT_DATE,
  requestDuringInsert,
  requestReports,
  watchedWriter,
} from '../../../systems/reports/incident.ts'
import { generateAfterCheck, generateNaively, naiveRoutes } from '../../../systems/reports/naive.ts'
import { countBatches } from '../../../systems/reports/stored.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await createSchema(database.pool)
  await plantStudents(database.pool, { students: 4, week: INCIDENT_DATE })
})
afterAll(() => database.drop())

const violation = {
  status: 500,
  body: {
    code: 'REPORT_GENERATION_ERROR',
    error: expect.stringContaining('violates unique constraint "unique_user_period_date"'),
  },
}

test('the code of the incident answers every retry with a 500', async () => {
  const app = naiveRoutes({ pool: database.pool, writer: templateWriter }, generateNaively)
  expect((await requestReports(app, 0)).status).toBe(200)
  expect(await requestReports(app, 0)).toMatchObject(violation)
  expect(await requestReports(app, 0)).toMatchObject(violation)
  expect(await countBatches(database.pool)).toMatchObject({ batches: 1, reports: 8 })
})

test('the proposed fix answers 500 where another request inserts after its look', async () => {
  const app = naiveRoutes({ pool: database.pool, writer: templateWriter }, generateAfterCheck)
  expect(await requestDuringInsert(app, database.pool, 1)).toMatchObject(violation)
})

test('the proposed fix leaves readers without reports while it writes new ones', async () => {
  const seen: number[] = []
  const writer = watchedWriter(database.pool, 2, seen)
  const app = naiveRoutes({ pool: database.pool, writer }, generateAfterCheck)
  expect((await requestReports(app, 2)).status).toBe(200)
  seen.splice(0)
  expect((await requestReports(app, 2)).status).toBe(200)
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('the proposed fix leaves a batch without reports behind when its writer fails', async () => {
  const broken = { ...templateWriter, write: () => Promise.reject(new Error('out of credit')) }
  const app = (writer: typeof templateWriter) =>
    naiveRoutes({ pool: database.pool, writer }, generateAfterCheck)
  expect((await requestReports(app(templateWriter), 3)).status).toBe(200)
  const before = await countBatches(database.pool)
  expect((await requestReports(app(broken), 3)).status).toBe(500)
  const after = await countBatches(database.pool)
  expect(after).toMatchObject({ batches: before.batches, reports: before.reports - 8, fewest: 0 })
})
