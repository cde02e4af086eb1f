import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelBatch } from '../../../systems/job-batches/cancel.ts'
import { createBatches } from '../../../systems/job-batches/generate.ts'
import { jobBatches } from '../../../systems/job-batches/guards.ts'
import { batchesOf, startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

const again = { reason: 'asked for', actor: 'ben' }

async function someoneWaitsForALock(): Promise<void> {
  for (;;) {
    const { rows } = await system.pool.query(
      `SELECT 1 FROM pg_locks
       WHERE NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
    if (rows.length > 0) return
  }
}

test('a copy not yet committed counts: a default run waits for it, then names it', async () => {
  const configurationId = await system.configuration()
  const wanted = { configurationId, actor: 'ana', types: ['EDM_CREATION'] } as const
  const [original] = await createBatches(system, wanted)

  const attempt = await system.once.transaction(async (tx) => {
    const row = {
      configuration_id: configurationId,
      batch_type: 'EDM_CREATION',
      allow_reason: again.reason,
      allowed_by: again.actor,
    }
    await system.once.insert(jobBatches, [row], { handle: tx, onDuplicate: 'allow', ...again })
    await cancelBatch(system, { batchId: original?.id ?? 0, reason: 'superseded', actor: 'ana' })
    const running = createBatches(system, wanted).then(
      () => 'created beside the copy',
      (error: unknown) => error,
    )
    await Promise.race([running, someoneWaitsForALock()])
    return { running }
  })

  expect(await attempt.running).toMatchObject({ existing: [{ copyNumber: 1 }] })
  expect((await batchesOf(system.pool, configurationId)).map(({ status }) => status)).toEqual([
    'CANCELLED',
    'INITIATED',
  ])
})

test('the number of a copy is free again only when no unfinished copy has it', async () => {
  const configurationId = await system.configuration()
  const wanted = { configurationId, actor: 'ana', types: ['EDM_CREATION'] } as const
  await createBatches(system, wanted)
  const allowing = { ...wanted, allowDuplicate: again }
  const [first] = await createBatches(system, allowing)
  const [second] = await createBatches(system, allowing)
  await cancelBatch(system, { batchId: first?.id ?? 0, reason: 'superseded', actor: 'ana' })

  const [third] = await createBatches(system, allowing)

  expect(second?.copyNumber).toBe(2)
  expect(third?.copyNumber).not.toBe(second?.copyNumber)
  expect(third?.copyNumber).toBeGreaterThan(0)
})
