import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelBatch } from '../../../systems/job-batches/cancel.ts'
import {
  BatchExistsError,
  ConfigurationNotFoundError,
} from '../../../systems/job-batches/errors.ts'
import { createBatches } from '../../../systems/job-batches/generate.ts'
import { listActive, previewBatches } from '../../../systems/job-batches/preview.ts'
import { insertConfiguration } from '../../../systems/job-batches/queries.ts'
import { batchesOf, setBatchStatus, startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

const actor = 'ana'
const again = { reason: 'the portfolio list changed', actor: 'ben' }
const edmOnly = { types: ['EDM_CREATION'], actor } as const

test('a run creates a batch per type with a job per item, in order', async () => {
  const configurationId = await system.configuration()

  const batches = await createBatches(system, { configurationId, actor })

  expect(batches).toEqual([
    { id: expect.any(Number), type: 'EDM_CREATION', copyNumber: 0, jobs: 3 },
    { id: expect.any(Number), type: 'PORTFOLIO_CREATION', copyNumber: 0, jobs: 5 },
  ])
  const { rows } = await system.pool.query(
    `SELECT item_number, item ->> 'name' AS name, status::text FROM irp_job
     WHERE batch_id = $1 ORDER BY item_number`,
    [batches[0]?.id],
  )
  expect(rows).toEqual([
    { item_number: 1, name: 'EDM_USEQ', status: 'INITIATED' },
    { item_number: 2, name: 'EDM_USHU', status: 'INITIATED' },
    { item_number: 3, name: 'EDM_USFL', status: 'INITIATED' },
  ])
})

test('one existing batch refuses the whole run: nothing is created beside it', async () => {
  const configurationId = await system.configuration()
  const [edm] = await createBatches(system, { configurationId, ...edmOnly })

  const refusal = createBatches(system, { configurationId, actor })

  await expect(refusal).rejects.toMatchObject({ existing: [{ id: edm?.id }] })
  expect(await batchesOf(system.pool, configurationId)).toHaveLength(1)
})

test('the default refuses while any copy is unfinished, even a copy alone', async () => {
  const configurationId = await system.configuration()
  const [original] = await createBatches(system, { configurationId, ...edmOnly })
  const [copy] = await createBatches(system, {
    configurationId,
    ...edmOnly,
    allowDuplicate: again,
  })
  await setBatchStatus(system.pool, copy?.id ?? 0, 'ACTIVE')
  await cancelBatch(system, { batchId: original?.id ?? 0, reason: 'superseded', actor })

  const refusal = createBatches(system, { configurationId, ...edmOnly })

  await expect(refusal).rejects.toMatchObject({
    existing: [{ id: copy?.id, status: 'ACTIVE', copyNumber: 1, jobs: 3 }],
  })
  await cancelBatch(system, { batchId: copy?.id ?? 0, reason: 'superseded', actor })
  expect(await createBatches(system, { configurationId, ...edmOnly })).toHaveLength(1)
})

test('a refusal names every unfinished copy, newest first', async () => {
  const configurationId = await system.configuration()
  const [original] = await createBatches(system, { configurationId, ...edmOnly })
  const allowing = { configurationId, ...edmOnly, allowDuplicate: again }
  const [first] = await createBatches(system, allowing)
  const [second] = await createBatches(system, allowing)

  await expect(createBatches(system, { configurationId, ...edmOnly })).rejects.toMatchObject({
    existing: [{ id: second?.id }, { id: first?.id }, { id: original?.id }],
  })
})

test('an allowance where nothing exists makes an original', async () => {
  const configurationId = await system.configuration()
  const batches = await createBatches(system, { configurationId, actor, allowDuplicate: again })
  expect(batches.map(({ copyNumber }) => copyNumber)).toEqual([0, 0])
})

test('the audit has who was refused, and who was allowed a duplicate and why', async () => {
  const configurationId = await system.configuration()
  const [edm] = await createBatches(system, { configurationId, ...edmOnly })
  await expect(
    createBatches(system, { configurationId, ...edmOnly, actor: 'cleo' }),
  ).rejects.toBeInstanceOf(BatchExistsError)
  await createBatches(system, { configurationId, ...edmOnly, allowDuplicate: again })

  const events = await system.once.events({ guard: 'job-batches' })

  const keys = [{ configuration_id: configurationId, batch_type: 'EDM_CREATION' }]
  expect(events.slice(0, 3)).toMatchObject([
    { verdict: 'allowed', ...again, keys, existing: [{ id: edm?.id }] },
    { verdict: 'skipped', reason: 'exists', actor: 'cleo', keys, existing: [{ id: edm?.id }] },
    { verdict: 'created', actor, keys },
  ])
})

test('nobody is asked where nothing exists', async () => {
  const configurationId = await system.configuration()
  const confirm = () => Promise.reject(new Error('asked without need'))
  expect(await createBatches(system, { configurationId, actor, confirm })).toHaveLength(2)
})

test('a job that cannot be inserted takes its batches with it', async () => {
  const configurationId = await insertConfiguration(system.pool, 'bad', {
    databases: [{ name: 'EDM_A' }, { name: '' }],
    portfolios: [],
  })

  await expect(createBatches(system, { configurationId, actor })).rejects.toThrow()

  expect(await batchesOf(system.pool, configurationId)).toEqual([])
})

test('a configuration without items of a type gets no batch of that type', async () => {
  const configurationId = await insertConfiguration(system.pool, 'databases only', {
    databases: [{ name: 'EDM_A' }],
    portfolios: [],
  })
  const batches = await createBatches(system, { configurationId, actor })
  expect(batches.map(({ type }) => type)).toEqual(['EDM_CREATION'])
})

test('a configuration without items gets no batch at all', async () => {
  const configurationId = await insertConfiguration(system.pool, 'empty', {
    databases: [],
    portfolios: [],
  })
  expect(await createBatches(system, { configurationId, actor })).toEqual([])
})

test('an unknown configuration is an error that names it', async () => {
  const wanted = { configurationId: 999_999, actor }
  await expect(createBatches(system, wanted)).rejects.toBeInstanceOf(ConfigurationNotFoundError)
  await expect(previewBatches(system, wanted)).rejects.toThrow('Configuration 999999 not found')
})

test('a preview tells what would be created and what exists, and writes nothing', async () => {
  const configurationId = await system.configuration()
  const [edm] = await createBatches(system, { configurationId, ...edmOnly })
  const before = await snapshot()

  const preview = await previewBatches(system, { configurationId })

  expect(preview).toEqual({
    configurationId,
    planned: [
      { type: 'EDM_CREATION', jobs: 3, exists: true },
      { type: 'PORTFOLIO_CREATION', jobs: 5, exists: false },
    ],
    existing: [
      {
        id: edm?.id,
        configurationId,
        type: 'EDM_CREATION',
        status: 'INITIATED',
        copyNumber: 0,
        jobs: 3,
        createdBy: actor,
        created: expect.any(Date),
      },
    ],
  })
  expect(await snapshot()).toEqual(before)
})

async function snapshot(): Promise<unknown[]> {
  const { rows } = await system.pool.query(
    `SELECT (SELECT count(*) FROM irp_batch) AS batches, (SELECT count(*) FROM irp_job) AS jobs,
       (SELECT count(*) FROM onceover.event) AS events`,
  )
  return rows
}

test('active batches are listed newest first, optionally by type', async () => {
  const configurationId = await system.configuration()
  expect(await listActive(system, { configurationId })).toEqual([])
  const [edm] = await createBatches(system, { configurationId, ...edmOnly })
  const [portfolio] = await createBatches(system, {
    configurationId,
    actor,
    types: ['PORTFOLIO_CREATION'],
  })
  const [copy] = await createBatches(system, {
    configurationId,
    ...edmOnly,
    allowDuplicate: again,
  })

  const all = await listActive(system, { configurationId })
  const edms = await listActive(system, { configurationId, types: ['EDM_CREATION'] })

  expect(all.map(({ id }) => id)).toEqual([copy?.id, portfolio?.id, edm?.id])
  expect(edms.map(({ id }) => id)).toEqual([copy?.id, edm?.id])

  await setBatchStatus(system.pool, edm?.id ?? 0, 'COMPLETED')
  const left = await listActive(system, { configurationId })
  expect(left.map(({ id }) => id)).toEqual([copy?.id, portfolio?.id])
})

test('a duplicate made past Onceover is met as an existing batch', async () => {
  const configurationId = await system.configuration()
  await system.pool.query(
    "INSERT INTO irp_batch (configuration_id, batch_type) VALUES ($1, 'EDM_CREATION')",
    [configurationId],
  )
  await expect(createBatches(system, { configurationId, actor })).rejects.toBeInstanceOf(
    BatchExistsError,
  )
})
