import { rejectedVerdicts } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRows } from '../../../systems/job-batches/create-rows.ts'
import { batchesOf, startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

const both = (configuration_id: number) =>
  ['EDM_CREATION', 'PORTFOLIO_CREATION'].map((batch_type) => ({ configuration_id, batch_type }))

test('rows become batches with their jobs', async () => {
  const id = await system.configuration()
  const { totals } = await createRows(system, both(id), { actor: 'ana' })
  expect(totals.created).toBe(2)
  expect((await batchesOf(system.pool, id)).map(({ jobs }) => jobs)).toEqual([3, 5])
})

test('a refused duplicate leaves nothing but the event of it', async () => {
  const id = await system.configuration()
  await createRows(system, both(id).slice(0, 1), { actor: 'ana' })
  const refused = await createRows(system, both(id), { onDuplicate: 'reject' }).catch(
    (error: unknown) => rejectedVerdicts(error),
  )
  expect(refused).toMatchObject([{ verdict: 'skipped', key: { configuration_id: id } }])
  expect(await batchesOf(system.pool, id)).toHaveLength(1)
  const key = { configuration_id: id }
  expect(await system.once.events({ verdict: 'skipped', key })).toHaveLength(1)
})

test('an allowed duplicate is a copy with jobs of its own, and says why and who', async () => {
  const id = await system.configuration()
  const [row] = both(id)
  if (!row) throw new Error('There is no row.')
  await createRows(system, [row], { actor: 'ana' })
  const said = { reason: 'compared side by side', actor: 'ben' }
  await createRows(system, [row], { onDuplicate: 'allow', ...said })
  const { rows } = await system.pool.query(
    `SELECT copy_number, allow_reason, allowed_by, created_by, count(irp_job.id)::int AS jobs
     FROM irp_batch JOIN irp_job ON batch_id = irp_batch.id WHERE configuration_id = $1
     GROUP BY irp_batch.id ORDER BY copy_number`,
    [id],
  )
  expect(rows).toEqual([
    { copy_number: 0, allow_reason: null, allowed_by: null, created_by: 'ana', jobs: 3 },
    { copy_number: 1, allow_reason: said.reason, allowed_by: 'ben', created_by: 'ben', jobs: 3 },
  ])
})

test('a row that is no batch is refused before anything is written', async () => {
  const rows = [{ configuration_id: await system.configuration(), batch_type: 'PAYROLL' }]
  await expect(createRows(system, rows, {})).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})
