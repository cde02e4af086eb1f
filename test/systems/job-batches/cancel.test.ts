import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelBatch } from '../../../systems/job-batches/cancel.ts'
import { BatchNotFoundError } from '../../../systems/job-batches/errors.ts'
import { createBatches } from '../../../systems/job-batches/generate.ts'
import { setBatchStatus, startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

const said = { reason: 'created twice by mistake', actor: 'ana' }

async function newBatch(): Promise<number> {
  const configurationId = await system.configuration()
  const [batch] = await createBatches(system, {
    configurationId,
    actor: 'ana',
    types: ['PORTFOLIO_CREATION'],
  })
  return batch?.id ?? 0
}

const jobStatuses = async (batchId: number): Promise<string[]> => {
  const { rows } = await system.pool.query(
    'SELECT status::text FROM irp_job WHERE batch_id = $1 ORDER BY item_number',
    [batchId],
  )
  return rows.map(({ status }) => status)
}

test('cancelling keeps the reason and the actor on the batch', async () => {
  const batchId = await newBatch()

  expect(await cancelBatch(system, { batchId, ...said })).toBe(true)

  const { rows } = await system.pool.query(
    `SELECT status::text, cancel_reason, cancelled_by, completed_ts IS NOT NULL AS ended
     FROM irp_batch WHERE id = $1`,
    [batchId],
  )
  expect(rows).toEqual([
    {
      status: 'CANCELLED',
      cancel_reason: said.reason,
      cancelled_by: said.actor,
      ended: true,
    },
  ])
  expect(await jobStatuses(batchId)).toEqual(Array(5).fill('CANCELLED'))
})

test('each of the eleven job states becomes what it must', async () => {
  const becomes = {
    INITIATED: 'CANCELLED',
    SUBMITTED: 'CANCEL_REQUESTED',
    PENDING: 'CANCEL_REQUESTED',
    QUEUED: 'CANCEL_REQUESTED',
    RUNNING: 'CANCEL_REQUESTED',
    FINISHED: 'FINISHED',
    FAILED: 'FAILED',
    CANCEL_REQUESTED: 'CANCEL_REQUESTED',
    CANCELLING: 'CANCELLING',
    CANCELLED: 'CANCELLED',
    FORCED_OK: 'FORCED_OK',
  }
  const { rows } = await system.pool.query(
    'SELECT unnest(enum_range(NULL::irp_job_status))::text AS status',
  )
  expect(rows.map(({ status }) => status)).toEqual(Object.keys(becomes))
  const batchId = await newBatch()
  await system.pool.query('DELETE FROM irp_job WHERE batch_id = $1', [batchId])
  await system.pool.query(
    `INSERT INTO irp_job (batch_id, item_number, item, status, updated_ts)
     SELECT $1, n, '{"name": "x"}', status::irp_job_status, '2025-01-01'
     FROM unnest($2::text[]) WITH ORDINALITY AS s(status, n)`,
    [batchId, Object.keys(becomes)],
  )

  await cancelBatch(system, { batchId, ...said })

  expect(await jobStatuses(batchId)).toEqual(Object.values(becomes))
  const touched = await system.pool.query(
    "SELECT count(*)::int AS n FROM irp_job WHERE batch_id = $1 AND updated_ts > '2025-01-01'",
    [batchId],
  )
  expect(touched.rows).toEqual([{ n: 5 }])
})

test.each(['COMPLETED', 'FAILED'])('a %s batch is left alone and answers false', async (status) => {
  const batchId = await newBatch()
  await setBatchStatus(system.pool, batchId, status)

  expect(await cancelBatch(system, { batchId, ...said })).toBe(false)

  expect(await jobStatuses(batchId)).toEqual(Array(5).fill('INITIATED'))
})

test('of many cancels at once one answers true, and its reason is the one kept', async () => {
  const batchId = await newBatch()

  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => cancelBatch(system, { batchId, reason: `reason ${n}`, actor: 'x' })),
  )

  expect(answers.filter(Boolean)).toHaveLength(1)
  const { rows } = await system.pool.query('SELECT cancel_reason FROM irp_batch WHERE id = $1', [
    batchId,
  ])
  expect(rows).toEqual([{ cancel_reason: `reason ${answers.indexOf(true) + 1}` }])
})

test('an unknown batch is an error that names it', async () => {
  const attempt = cancelBatch(system, { batchId: 999_999, ...said })
  await expect(attempt).rejects.toBeInstanceOf(BatchNotFoundError)
  await expect(attempt).rejects.toThrow('Batch 999999 not found')
})

test('a cancel without a reason or an actor is refused and cancels nothing', async () => {
  const batchId = await newBatch()

  await expect(cancelBatch(system, { batchId, reason: ' ', actor: 'ana' })).rejects.toThrow()
  await expect(cancelBatch(system, { batchId, reason: 'why', actor: '' })).rejects.toThrow()

  expect(await jobStatuses(batchId)).toEqual(Array(5).fill('INITIATED'))
})
