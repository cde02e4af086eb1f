import { onceover } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelBatch } from '../../../systems/job-batches/cancel.ts'
import { createBatches } from '../../../systems/job-batches/generate.ts'
import { jobBatches } from '../../../systems/job-batches/guards.ts'
import { addIncidentConfiguration, createSchema } from '../../../systems/job-batches/incident.ts'
import { createBatchesNaively } from '../../../systems/job-batches/naive.ts'
import { listActive } from '../../../systems/job-batches/preview.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await createSchema(database.pool)
})
afterAll(() => database.drop())

test('a database that the incident hit: scan, cancel the duplicates, enforce, go on', async () => {
  const { pool } = database
  const configurationId = await addIncidentConfiguration(pool)
  await createBatchesNaively(pool, configurationId)
  await createBatchesNaively(pool, configurationId)
  const once = await onceover({ db: pool })

  const [report] = await once.scan(jobBatches)
  expect(report?.duplicates).toMatchObject({ groups: 2, excess: 2 })
  await expect(once.enforce(jobBatches)).rejects.toMatchObject({
    code: 'DUPLICATES_EXIST',
    details: { groups: 2, excess: 2 },
  })
  await expect(createBatches({ once, pool }, { configurationId, actor: 'ana' })).rejects.toThrow(
    /No valid unique index covers/,
  )

  for (const batch of (await listActive({ pool }, { configurationId })).slice(0, 2)) {
    await cancelBatch({ once }, { batchId: batch.id, reason: 'made twice', actor: 'ana' })
  }
  expect(await once.enforce(jobBatches)).toMatchObject({
    index: 'idx_batch_unique_active',
    created: true,
  })
  expect(await once.enforce(jobBatches)).toMatchObject({ created: false })

  const allowDuplicate = { reason: 'a second set was asked for', actor: 'ben' }
  await createBatches({ once, pool }, { configurationId, actor: 'ana', allowDuplicate })
  const [after] = await once.scan(jobBatches)
  expect(after?.duplicates).toMatchObject({ groups: 0, excess: 0 })
})
