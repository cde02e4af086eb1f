import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancelBatch } from '../../../systems/job-batches/cancel.ts'
import { BatchExistsError } from '../../../systems/job-batches/errors.ts'
import { createBatches } from '../../../systems/job-batches/generate.ts'
import type { BatchPreview } from '../../../systems/job-batches/preview.ts'
import { batchesOf, setBatchStatus, startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

const actor = 'ana'
const again = { reason: 'the first import was incomplete', actor: 'ben' }

describe('the seven success criteria of the incident', () => {
  test('1 the default blocks duplicates: a second run shows what exists and asks', async () => {
    const configurationId = await system.configuration()
    const [edm, portfolio] = await createBatches(system, { configurationId, actor })
    const shown: BatchPreview[] = []
    const declining = async (preview: BatchPreview) => {
      shown.push(preview)
      return undefined
    }

    await expect(
      createBatches(system, { configurationId, actor, confirm: declining }),
    ).rejects.toBeInstanceOf(BatchExistsError)
    await expect(createBatches(system, { configurationId, actor })).rejects.toBeInstanceOf(
      BatchExistsError,
    )

    expect(shown).toHaveLength(1)
    expect(new Set(shown[0]?.existing.map(({ id }) => id))).toEqual(
      new Set([edm?.id, portfolio?.id]),
    )
    expect(await batchesOf(system.pool, configurationId)).toHaveLength(2)

    const copies = await createBatches(system, {
      configurationId,
      actor,
      confirm: async () => again,
    })
    expect(copies.map(({ copyNumber }) => copyNumber)).toEqual([1, 1])
  })

  test('2 the error is clear: it names each batch, its status and the ways out', async () => {
    const configurationId = await system.configuration()
    const [edm, portfolio] = await createBatches(system, { configurationId, actor })
    await setBatchStatus(system.pool, edm?.id ?? 0, 'ACTIVE')

    const error = await createBatches(system, { configurationId, actor }).catch(
      (refusal: unknown) => refusal,
    )

    if (!(error instanceof BatchExistsError)) throw error
    expect(error.message).toContain(
      `Active batch already exists for configuration ${configurationId}`,
    )
    expect(error.message).toContain(`EDM_CREATION: batch ${edm?.id} (ACTIVE, 3 jobs, created 20`)
    expect(error.message).toContain(
      `PORTFOLIO_CREATION: batch ${portfolio?.id} (INITIATED, 5 jobs, created 20`,
    )
    for (const wayOut of ['cancel it', 'wait', 'allowDuplicate']) {
      expect(error.message).toContain(wayOut)
    }
  })

  test('3 a duplicate is opt-in: with allowDuplicate a numbered copy is created', async () => {
    const configurationId = await system.configuration()
    await createBatches(system, { configurationId, actor })

    const copies = await createBatches(system, { configurationId, actor, allowDuplicate: again })

    expect(copies).toEqual([
      { id: expect.any(Number), type: 'EDM_CREATION', copyNumber: 1, jobs: 3 },
      { id: expect.any(Number), type: 'PORTFOLIO_CREATION', copyNumber: 1, jobs: 5 },
    ])
    const { rows } = await system.pool.query(
      'SELECT allow_reason, allowed_by, created_by FROM irp_batch WHERE id = $1',
      [copies[0]?.id],
    )
    expect(rows).toEqual([
      { allow_reason: again.reason, allowed_by: again.actor, created_by: actor },
    ])
  })

  test('4 the database constraint is active: direct SQL cannot make a duplicate', async () => {
    const configurationId = await system.configuration()
    await createBatches(system, { configurationId, actor })
    const insert = (copy: number) =>
      system.pool.query(
        `INSERT INTO irp_batch (configuration_id, batch_type, copy_number, allow_reason, allowed_by)
         VALUES ($1, 'EDM_CREATION', $2, 'again', 'ben')`,
        [configurationId, copy],
      )
    const refused = { code: '23505', constraint: 'idx_batch_unique_active' }

    await expect(insert(0)).rejects.toMatchObject(refused)

    await createBatches(system, { configurationId, actor, allowDuplicate: again })
    await expect(insert(1)).rejects.toMatchObject(refused)
    expect(await batchesOf(system.pool, configurationId)).toHaveLength(4)
  })

  test('5 cancellation works: it frees the configuration and type for a new batch', async () => {
    const configurationId = await system.configuration()
    const batches = await createBatches(system, { configurationId, actor })

    for (const { id } of batches) {
      expect(await cancelBatch(system, { batchId: id, reason: 'wrong data', actor })).toBe(true)
    }

    const fresh = await createBatches(system, { configurationId, actor })
    expect(fresh.map(({ copyNumber, jobs }) => [copyNumber, jobs])).toEqual([
      [0, 3],
      [0, 5],
    ])
  })

  test('6 what worked before works still: finished batches never block a new one', async () => {
    const configurationId = await system.configuration()
    for (const status of ['COMPLETED', 'FAILED', 'CANCELLED']) {
      const batches = await createBatches(system, { configurationId, actor })
      expect(batches.map(({ jobs }) => jobs)).toEqual([3, 5])
      for (const { id } of batches) {
        if (status === 'CANCELLED') await cancelBatch(system, { batchId: id, reason: 'x', actor })
        else await setBatchStatus(system.pool, id, status)
      }
    }
    await createBatches(system, { configurationId, actor, types: ['EDM_CREATION'] })
    await createBatches(system, { configurationId, actor, types: ['PORTFOLIO_CREATION'] })
    await createBatches(system, { configurationId: await system.configuration(), actor })

    expect(await batchesOf(system.pool, configurationId)).toHaveLength(8)
  })

  test('7 the documentation says how duplicates are refused, allowed and cancelled', async () => {
    const readme = await readFile('systems/job-batches/README.md', 'utf8')
    for (const option of [
      ...['allowDuplicate', 'reason', 'actor', 'confirm', 'types'],
      ...['createBatches', 'previewBatches', 'listActive', 'cancelBatch'],
      ...['idx_batch_unique_active', 'CANCEL_REQUESTED', '409'],
    ]) {
      expect(readme, option).toContain(`${option}`)
    }
  })
})
