import { afterAll, beforeAll, expect, test } from 'vitest'
import { planBatches } from '../../../systems/job-batches/configuration.ts'
import { addIncidentConfiguration, createSchema } from '../../../systems/job-batches/incident.ts'
import {
  createBatchesAfterCheck,
  createBatchesNaively,
} from '../../../systems/job-batches/naive.ts'
import { countMade, selectItems } from '../../../systems/job-batches/queries.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await createSchema(database.pool)
})
afterAll(() => database.drop())

test('the incident: a second run makes 4 batches and 16 jobs of 2 and 8', async () => {
  const { pool } = database
  const configuration = await addIncidentConfiguration(pool)

  expect(await createBatchesNaively(pool, configuration)).toEqual({ batches: 2, jobs: 8 })
  expect(await countMade(pool, [configuration])).toEqual({ batches: 2, jobs: 8 })

  expect(await createBatchesNaively(pool, configuration)).toEqual({ batches: 2, jobs: 8 })
  expect(await countMade(pool, [configuration])).toEqual({ batches: 4, jobs: 16 })
})

test('the proposed fix holds when the runs come one after the other', async () => {
  const { pool } = database
  const configuration = await addIncidentConfiguration(pool)
  await createBatchesAfterCheck(pool, configuration)

  expect(await createBatchesAfterCheck(pool, configuration)).toEqual({ batches: 0, jobs: 0 })
  expect(await countMade(pool, [configuration])).toEqual({ batches: 2, jobs: 8 })
})

test('the proposed fix races: two that both look before either inserts duplicate', async () => {
  const { pool } = database
  const configuration = await addIncidentConfiguration(pool)
  const looked = bothLooked()

  await Promise.all([
    createBatchesAfterCheck(looked.handle(pool), configuration),
    createBatchesAfterCheck(looked.handle(pool), configuration),
  ])

  expect((await countMade(pool, [configuration])).batches).toBeGreaterThan(2)
})

// Holds each run's first look at existing batches until the other has looked too.
function bothLooked() {
  let waiting = 2
  let release: () => void = () => undefined
  const both = new Promise<void>((resolve) => {
    release = resolve
  })
  const handle = (pool: TestDatabase['pool']) => {
    let first = true
    return {
      query: async (text: string, values: unknown[] = []) => {
        const answer = await pool.query(text, values)
        if (first && text.includes('FROM irp_batch b')) {
          first = false
          waiting -= 1
          if (waiting === 0) release()
          await both
        }
        return answer
      },
    }
  }
  return { handle }
}

test("the incident's configuration asks for 3 and 5 jobs", async () => {
  const { pool } = database
  const items = await selectItems(pool, await addIncidentConfiguration(pool))
  expect(items && planBatches(items).map(({ type, items }) => [type, items.length])).toEqual([
    ['EDM_CREATION', 3],
    ['PORTFOLIO_CREATION', 5],
  ])
})
