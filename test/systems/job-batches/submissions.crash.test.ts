import { afterAll, beforeAll, expect, test } from 'vitest'
import { forkWorkers } from '../../../systems/fork-workers.ts'
import type { SubmitResult, SubmitTask } from '../../../systems/job-batches/submission-tasks.ts'
import { jobsOf, type PaidSystem, paidSystem } from './paid-system.ts'
import { startSystem, type TestSystem } from './system.ts'

const JOBS = 8

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

/** Submits in a process of its own. */
async function inProcess(
  { paid, batchIds }: PaidSystem,
  task: Pick<SubmitTask, 'approach' | 'killedAfter'>,
): Promise<SubmitResult> {
  const api = { url: paid.url, offers: paid.offers }
  const { url } = system.database
  const worker = new URL('worker-from-source.mjs', import.meta.url)
  const [result] = await forkWorkers<SubmitTask, SubmitResult>(worker, [
    { url, batchIds, api, actor: 'ana', ...task },
  ])
  if (!result) throw new Error('The process gave no result.')
  return result
}

/** Submits in a process that is killed when the API has all jobs and no answer is written down. */
async function killedMeanwhile(paid: PaidSystem, approach: SubmitTask['approach']): Promise<void> {
  const attempt = inProcess(paid, { approach, killedAfter: JOBS })
  await expect(attempt).rejects.toThrow('SIGKILL')
  expect(paid.paid.bill.charges).toBe(JOBS)
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ INITIATED: JOBS, submissions: 0 })
}

test('killed between call and record, the naive submission pays every job twice', async () => {
  const paid = await paidSystem(system, 'lookup')
  await killedMeanwhile(paid, 'naive')
  await inProcess(paid, { approach: 'naive' })
  expect(paid.paid.bill).toMatchObject({ charges: 2 * JOBS, lookups: 0 })
})

test('killed there, the next run asks the API and pays nothing again', async () => {
  const paid = await paidSystem(system, 'lookup')
  await killedMeanwhile(paid, 'onceover')

  const { submitted, steps } = await inProcess(paid, { approach: 'onceover' })

  expect(submitted).toBe(JOBS)
  expect(steps).toEqual({ made: 0, avoided: 0, asked: JOBS })
  expect(paid.paid.bill).toMatchObject({ calls: JOBS, charges: JOBS, lookups: JOBS })
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ SUBMITTED: JOBS, submissions: JOBS })
})

test('killed there, the next run calls with the same keys and pays nothing', async () => {
  const paid = await paidSystem(system, 'keys')
  await killedMeanwhile(paid, 'onceover')

  expect((await inProcess(paid, { approach: 'onceover' })).submitted).toBe(JOBS)

  expect(paid.paid.bill).toMatchObject({ calls: 2 * JOBS, charges: JOBS })
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ SUBMITTED: JOBS, submissions: JOBS })
})

test('killed there, with neither, the next run leaves every job to a person', async () => {
  const paid = await paidSystem(system, 'neither')
  await killedMeanwhile(paid, 'onceover')

  expect((await inProcess(paid, { approach: 'onceover' })).submitted).toBe(0)

  expect(paid.paid.bill).toMatchObject({ calls: JOBS, charges: JOBS })
  expect(await jobsOf(system.pool, paid.batchIds)).toEqual({ INITIATED: JOBS, submissions: 0 })
})
