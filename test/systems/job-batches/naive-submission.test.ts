import { afterAll, beforeAll, expect, test } from 'vitest'
import { addIncidentConfiguration, createSchema } from '../../../systems/job-batches/incident.ts'
import { createBatchesNaively } from '../../../systems/job-batches/naive.ts'
import { submitNaively } from '../../../systems/job-batches/naive-submission.ts'
import { openPaidApi, type PaidApi } from '../../../systems/job-batches/paid-api.ts'
import { type SubmissionApi, submissionApi } from '../../../systems/job-batches/submission-api.ts'
import { selectBatchIds } from '../../../systems/job-batches/submission-queries.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let database: TestDatabase
let paid: PaidApi
let api: SubmissionApi
beforeAll(async () => {
  database = await testDatabase()
  await createSchema(database.pool)
  paid = await openPaidApi('lookup')
  api = submissionApi(paid)
})
afterAll(async () => {
  await paid.close()
  await database.drop()
})

const newBatches = async (runs: number): Promise<number[]> => {
  const configuration = await addIncidentConfiguration(database.pool)
  for (let run = 0; run < runs; run++) await createBatchesNaively(database.pool, configuration)
  return selectBatchIds(database.pool, [configuration])
}

test('the incident: the batches that were made twice are paid twice', async () => {
  const before = paid.bill.charges
  expect(await submitNaively(database.pool, api, await newBatches(2))).toBe(16)
  expect(paid.bill.charges - before).toBe(16)
})

test('one after the other, a second submission finds nothing to submit', async () => {
  const batches = await newBatches(1)
  expect(await submitNaively(database.pool, api, batches)).toBe(8)
  expect(await submitNaively(database.pool, api, batches)).toBe(0)
})

test('at once, the jobs are paid twice before the unique constraint sees it', async () => {
  const batches = await newBatches(1)
  const before = paid.bill.charges
  paid.behave(() => ({ answersAfter: paid.charged(before + 16) }))
  const [first, second] = await Promise.allSettled([
    submitNaively(database.pool, api, batches),
    submitNaively(database.pool, api, batches),
  ])
  paid.behave(() => ({}))
  expect(paid.bill.charges - before).toBe(16)
  expect([first.status, second.status]).toContain('rejected')
})
