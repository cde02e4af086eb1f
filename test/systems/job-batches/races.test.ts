import { onceover } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { forkWorkers } from '../../../systems/fork-workers.ts'
import { cancelBatch } from '../../../systems/job-batches/cancel.ts'
import type { BatchType } from '../../../systems/job-batches/configuration.ts'
import { BatchExistsError } from '../../../systems/job-batches/errors.ts'
import { type CreatedBatch, createBatches } from '../../../systems/job-batches/generate.ts'
import type { RunResult, RunTask } from '../../../systems/job-batches/tasks.ts'
import type { Workflow } from '../../../systems/job-batches/workflow.ts'
import { batchesOf, startSystem, type TestSystem } from './system.ts'

const RACERS = 8
const ROUNDS = 15

let system: TestSystem
let racers: readonly (Workflow & { readonly pool: pg.Pool })[]

beforeAll(async () => {
  system = await startSystem()
  racers = await Promise.all(
    Array.from({ length: RACERS }, async () => {
      const pool = new pg.Pool({ connectionString: system.database.url, max: 2 })
      pool.on('error', () => undefined)
      await pool.query('SELECT 1')
      return { pool, once: await onceover({ db: pool }) }
    }),
  )
})
afterAll(async () => {
  await Promise.all(racers.map(({ pool }) => pool.end()))
  await system.stop()
})

const again = { reason: 'raced on purpose', actor: 'ben' }

interface Outcome {
  readonly won: readonly CreatedBatch[][]
  readonly refused: readonly BatchExistsError[]
}

async function race(runs: readonly Promise<CreatedBatch[]>[]): Promise<Outcome> {
  const settled = await Promise.allSettled(runs)
  const refused: BatchExistsError[] = []
  for (const outcome of settled) {
    if (outcome.status === 'fulfilled') continue
    if (!(outcome.reason instanceof BatchExistsError)) throw outcome.reason
    refused.push(outcome.reason)
  }
  return { won: settled.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : [])), refused }
}

const wronglyFilled = async (configurationId: number): Promise<unknown[]> => {
  const { rows } = await system.pool.query(
    `SELECT b.id FROM irp_batch b LEFT JOIN irp_job j ON j.batch_id = b.id
     WHERE b.configuration_id = $1 GROUP BY b.id
     HAVING count(j.id) <> CASE b.batch_type WHEN 'EDM_CREATION' THEN 3 ELSE 5 END`,
    [configurationId],
  )
  return rows
}

test('of eight runs at once one creates, and the seven others name what it made', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const configurationId = await system.configuration()

    const { won, refused } = await race(
      racers.map((racer, n) => createBatches(racer, { configurationId, actor: `racer ${n}` })),
    )

    expect(won).toHaveLength(1)
    expect(refused).toHaveLength(RACERS - 1)
    const made = won[0]?.map(({ id }) => id) ?? []
    for (const { existing } of refused) {
      expect(new Set(existing.map(({ id }) => id))).toEqual(new Set(made))
    }
    expect(await batchesOf(system.pool, configurationId)).toEqual([
      { id: made[0], type: 'EDM_CREATION', copy: 0, status: 'INITIATED', jobs: 3 },
      { id: made[1], type: 'PORTFOLIO_CREATION', copy: 0, status: 'INITIATED', jobs: 5 },
    ])
  }
})

test('runs of overlapping types at once leave one batch per type, each with its jobs', async () => {
  const wanted: readonly (readonly BatchType[])[] = [
    ['EDM_CREATION'],
    ['PORTFOLIO_CREATION', 'EDM_CREATION'],
    ['PORTFOLIO_CREATION'],
    ['EDM_CREATION', 'PORTFOLIO_CREATION'],
  ]
  for (let round = 0; round < ROUNDS; round++) {
    const configurationId = await system.configuration()

    await race(
      racers.map((racer, n) => {
        const types = wanted[n % wanted.length]
        return createBatches(racer, { configurationId, actor: `racer ${n}`, types })
      }),
    )

    const types = (await batchesOf(system.pool, configurationId)).map(({ type }) => type)
    expect(new Set(types).size).toBe(types.length)
    expect(await wronglyFilled(configurationId)).toEqual([])
  }
})

test('duplicates allowed at once get numbers of their own', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const configurationId = await system.configuration()
    const wanted = { configurationId, actor: 'ana', types: ['EDM_CREATION'] } as const
    await createBatches(system, wanted)

    const { won } = await race(
      racers.map((racer) => createBatches(racer, { ...wanted, allowDuplicate: again })),
    )

    const copies = won.flat().map(({ copyNumber }) => copyNumber)
    expect(copies.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(await wronglyFilled(configurationId)).toEqual([])
  }
})

test('an allowed duplicate and a default run at once: the default one is refused', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const configurationId = await system.configuration()
    const wanted = { configurationId, actor: 'ana', types: ['EDM_CREATION'] } as const
    const [original] = await createBatches(system, wanted)
    await createBatches(system, { ...wanted, allowDuplicate: again })
    await cancelBatch(system, { batchId: original?.id ?? 0, reason: 'superseded', actor: 'ana' })

    const { won } = await race(
      racers.map((racer, n) =>
        createBatches(racer, n % 2 ? wanted : { ...wanted, allowDuplicate: again }),
      ),
    )

    expect(won).toHaveLength(RACERS / 2)
    expect(won.flat().every(({ copyNumber }) => copyNumber > 0)).toBe(true)
  }
})

test('a cancel and runs at once never leave two unfinished batches', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const configurationId = await system.configuration()
    const wanted = { configurationId, actor: 'ana', types: ['EDM_CREATION'] } as const
    const [original] = await createBatches(system, wanted)
    const batchId = original?.id ?? 0

    const [cancelled, { won }] = await Promise.all([
      cancelBatch(system, { batchId, reason: 'raced', actor: 'ana' }),
      race(racers.map((racer) => createBatches(racer, wanted))),
    ])

    expect(cancelled).toBe(true)
    expect(won.length).toBeLessThanOrEqual(1)
    const after = await batchesOf(system.pool, configurationId)
    expect(after.filter(({ status }) => status === 'INITIATED')).toHaveLength(won.length)
    expect(await wronglyFilled(configurationId)).toEqual([])
  }
})

test('direct SQL and runs at once: one batch, whoever made it', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const configurationId = await system.configuration()
    const wanted = { configurationId, actor: 'ana', types: ['EDM_CREATION'] } as const

    const [direct, { won }] = await Promise.all([
      system.pool
        .query("INSERT INTO irp_batch (configuration_id, batch_type) VALUES ($1, 'EDM_CREATION')", [
          configurationId,
        ])
        .then(
          () => 1,
          (error: { code?: string }) => {
            if (error.code !== '23505') throw error
            return 0
          },
        ),
      race(racers.map((racer) => createBatches(racer, wanted))),
    ])

    expect(direct + won.length).toBe(1)
    expect(await batchesOf(system.pool, configurationId)).toHaveLength(1)
  }
})

test('eight processes at once leave 2 batches with 8 jobs; seven say why', async () => {
  const configurationId = await system.configuration()
  const tasks = racers.map((_, index): RunTask => {
    const { url } = system.database
    return {
      url,
      approach: 'onceover',
      configurationIds: [configurationId],
      actor: `process ${index}`,
    }
  })

  const results = await forkWorkers<RunTask, RunResult>(
    new URL('worker-from-source.mjs', import.meta.url),
    tasks,
  )

  const made = (await batchesOf(system.pool, configurationId)).map(({ type, jobs }) => [type, jobs])
  expect(made).toEqual([
    ['EDM_CREATION', 3],
    ['PORTFOLIO_CREATION', 5],
  ])
  expect(results.filter(({ batches, jobs }) => batches === 2 && jobs === 8)).toHaveLength(1)
  expect(results.filter(({ refusals }) => refusals[0]?.includes('Ways out'))).toHaveLength(
    RACERS - 1,
  )
})
