import { afterAll, beforeAll, expect, test } from 'vitest'
import { JobNotFoundError, NothingToSettleError } from '../../../systems/job-batches/errors.ts'
import { listSubmissions } from '../../../systems/job-batches/submission-list.ts'
import { settleSubmission } from '../../../systems/job-batches/submit.ts'
import { jobsOf, type PaidSystem, paidSystem } from './paid-system.ts'
import { startSystem, type TestSystem } from './system.ts'

let system: TestSystem
let paid: PaidSystem
let lost: readonly number[]
beforeAll(async () => {
  system = await startSystem()
  paid = await paidSystem(system, 'neither')
  paid.paid.behave(() => ({ fault: 'breaks' }))
  lost = (await paid.submit()).jobs.map(({ jobId }) => jobId)
  paid.paid.behave(() => ({}))
  await paid.submit()
})
afterAll(() => system.stop())

const actor = 'ben'

test('a job whose answer nobody can ask for is listed as one that waits for a person', async () => {
  const [batchId = 0] = paid.batchIds
  const jobs = await listSubmissions(system, { batchId })
  expect(jobs).toHaveLength(3)
  for (const job of jobs) {
    expect(job).toMatchObject({
      status: 'INITIATED',
      externalId: null,
      claim: { state: 'exhausted', error: expect.stringContaining('its answer was lost') },
    })
  }
})

test('what a person found is written down, and the API is not called again', async () => {
  const [jobId = 0] = lost
  const { calls } = paid.paid.bill

  const settled = await settleSubmission(paid.workflow, { jobId, externalId: 'sub_found', actor })

  expect(settled).toEqual({ jobId, verdict: 'created', externalId: 'sub_found', reason: null })
  expect(paid.paid.bill.calls).toBe(calls)
  expect(await jobsOf(system.pool, paid.batchIds)).toMatchObject({ SUBMITTED: 1, submissions: 1 })
})

test('a job that the API never took, as a person found, is submitted', async () => {
  const jobId = lost[1] ?? 0
  const { calls } = paid.paid.bill

  const settled = await settleSubmission(paid.workflow, { jobId, externalId: undefined, actor })

  expect(settled).toMatchObject({ verdict: 'created', externalId: expect.stringMatching(/^sub_/) })
  expect(paid.paid.bill.calls).toBe(calls + 1)
})

test('a job whose answer was not lost cannot be settled, nor one that there is not', async () => {
  const jobId = lost[0] ?? 0
  const settle = (id: number) =>
    settleSubmission(paid.workflow, { jobId: id, externalId: 'sub_other', actor })
  await expect(settle(jobId)).rejects.toBeInstanceOf(NothingToSettleError)
  await expect(settle(999_999)).rejects.toBeInstanceOf(JobNotFoundError)
  expect(await jobsOf(system.pool, paid.batchIds)).toMatchObject({ submissions: 2 })
})
