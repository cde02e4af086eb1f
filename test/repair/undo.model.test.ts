import fc from 'fast-check'
import { type Onceover, onceover } from 'onceover'
import { afterAll, beforeAll, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { roundTrip } from './round-trip.ts'
import { worlds } from './world.ts'

// At length: ONCEOVER_MODEL_RUNS=1000 npm test -- test/repair/undo.model.test.ts
const RUNS = Number(process.env.ONCEOVER_MODEL_RUNS ?? 25)
const TIME_LIMIT_MS = 3_600_000

let db: TestDatabase
let once: Onceover

beforeAll(async () => {
  db = await testDatabase()
  once = await onceover({ db: db.pool })
  await once.migrate()
})

afterAll(async () => {
  await once.close()
  await db.drop()
})

test(
  'the undo of a repair, whole or stopped anywhere, gives back every row of every table',
  async () => {
    const count: Record<string, number> = {}
    const tally = (what: string, more = 1) => {
      count[what] = (count[what] ?? 0) + more
    }
    const property = fc.asyncProperty(worlds, (world) => roundTrip({ db, once }, world, tally))
    await fc.assert(property, { numRuns: RUNS })
    console.info(JSON.stringify(count))
  },
  TIME_LIMIT_MS,
)
