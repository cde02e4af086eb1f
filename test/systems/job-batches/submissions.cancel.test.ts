import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelBatch } from '../../../systems/job-batches/cancel.ts'
import { BatchFinishedError, BatchNotFoundError } from '../../../systems/job-batches/errors.ts'
import { selectWaitingJobs } from '../../../systems/job-batches/submission-queries.ts'
import { submissions } from '../../../systems/job-batches/submissions.ts'
import { settleSubmission, submitBatches } from '../../../systems/job-batches/submit.ts'
import { gate, jobsOf, type PaidSystem, paidSystem } from './paid-system.ts'
import { setBatchStatus, startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

async function cancelAll({ batchIds }: PaidSystem): Promise<void> {
  for (const batchId of batchIds) {
    await cancelBatch(system, { batchId, reason: 'wrong data', actor: 'ana' })
  }
}

test('a cancelled or finished batch is not submitted', async () => {
  const paid = await paidSystem(system, 'lookup')
  await cancelAll(paid)
  await expect(paid.submit()).rejects.toBeInstanceOf(BatchFinishedError)
  const other = await paidSystem(system, 'lookup')
  for (const id of other.batchIds) await setBatchStatus(system.pool, id, 'COMPLETED')
  await expect(other.submit()).rejects.toThrow(/is COMPLETED: it is not submitted/)
  expect(paid.paid.bill.calls + other.paid.bill.calls).toBe(0)
})

test('an unknown batch is an error that names it, and nothing is submitted', async () => {
  const { batchIds, workflow, paid } = await paidSystem(system, 'lookup')
  const attempt = submitBatches(workflow, { batchIds: [...batchIds, 999_999], actor: 'ana' })
  await expect(attempt).rejects.toBeInstanceOf(BatchNotFoundError)
  expect(paid.bill.calls).toBe(0)
})

test('a job that is cancelled just before its call is not submitted', async () => {
  const paid = await paidSystem(system, 'lookup')
  const waiting = await selectWaitingJobs(system.pool, paid.batchIds)
  await cancelAll(paid)

  const { verdicts } = await system.once.run(
    submissions(paid.workflow),
    waiting.map(({ jobId, submission }) => ({ key: { job_id: jobId }, input: submission })),
  )

  expect(verdicts.map(({ verdict }) => verdict)).toEqual(Array(8).fill('failed'))
  expect(verdicts[0]?.reason).toContain('is CANCELLED: it is not submitted')
  expect(paid.paid.bill.calls).toBe(0)
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ CANCELLED: 8, submissions: 0 })
})

test('a job that is cancelled during its call is with the API: CANCEL_REQUESTED', async () => {
  const paid = await paidSystem(system, 'neither')
  const { opened, open } = gate()
  paid.paid.behave(() => ({ answersAfter: opened }))
  const submitting = paid.submit()
  await paid.paid.charged(8)
  await cancelAll(paid)
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ CANCELLED: 8, submissions: 0 })
  open()

  expect((await submitting).totals).toMatchObject({ created: 8 })

  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ CANCEL_REQUESTED: 8, submissions: 8 })
})

test.each([
  ['that was taken is found by resuming the run: CANCEL_REQUESTED', 'breaks', 'CANCEL_REQUESTED'],
  ['that never was stays CANCELLED and is not submitted', 'unavailable', 'CANCELLED'],
] as const)('a job whose answer was lost, then cancelled, %s', async (_, fault, status) => {
  const paid = await paidSystem(system, 'lookup')
  paid.paid.behave(() => ({ fault }))
  const { run } = await paid.submit()
  paid.paid.behave(() => ({}))
  await cancelAll(paid)

  await system.once.resume(submissions(paid.workflow), run)

  const charges = fault === 'breaks' ? 8 : 0
  expect(paid.paid.bill).toMatchObject({ calls: 8, charges, lookups: 8 })
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ [status]: 8, submissions: charges })
})

test('with keys such a job is not called again: a person settles it', async () => {
  const paid = await paidSystem(system, 'keys')
  paid.paid.behave(() => ({ fault: 'breaks' }))
  const { run, jobs } = await paid.submit()
  paid.paid.behave(() => ({}))
  await cancelAll(paid)

  const { totals } = await system.once.resume(submissions(paid.workflow), run)

  expect(totals).toMatchObject({ failed: 8 })
  expect(paid.paid.bill).toMatchObject({ calls: 8, charges: 8 })
  for (const { jobId } of jobs) {
    const externalId = `sub_found_${jobId}`
    const settled = await settleSubmission(paid.workflow, { jobId, externalId, actor: 'ana' })
    expect(settled).toMatchObject({ verdict: 'created', externalId })
  }
  expect(paid.paid.bill.calls).toBe(8)
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ CANCEL_REQUESTED: 8, submissions: 8 })
})

test('a submission is remembered when its row is gone: the job is not paid again', async () => {
  const paid = await paidSystem(system, 'neither')
  await paid.submit()
  await system.pool.query(
    'DELETE FROM irp_submission s USING irp_job j WHERE j.id = job_id AND batch_id = ANY ($1)',
    [paid.batchIds],
  )
  await system.pool.query("UPDATE irp_job SET status = 'INITIATED' WHERE batch_id = ANY ($1)", [
    paid.batchIds,
  ])

  const { jobs } = await paid.submit()

  expect(jobs.map(({ verdict }) => verdict)).toEqual(Array(8).fill('skipped'))
  expect(jobs[0]?.externalId).toMatch(/^sub_/)
  expect(paid.paid.bill.calls).toBe(8)
})
