import { onceover } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CountedPool, countedPool } from '../../bench/counted-pool.ts'
import { countRuns, type RunCounts } from '../../bench/run/counts.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
let counted: CountedPool
let counts: RunCounts
beforeAll(async () => {
  database = await testDatabase()
  counted = countedPool(database.url)
  await (await onceover({ db: counted.pool })).migrate()
  counts = await countRuns(counted, 10_000)
})
afterAll(async () => {
  await counted.pool.end()
  await database.drop()
})

const sent = (statements: number) => ({ statements, roundTrips: statements })

test('a chunk is claimed by one statement between BEGIN and COMMIT', () => {
  expect(counts.chunkClaimed).toEqual(sent(3))
})

test('a save costs two statements beyond its own BEGIN and COMMIT', () => {
  expect([counts.chunkSaved, counts.unitSaved]).toEqual([sent(4), sent(4)])
})

test('a run again opens the run, claims its chunk and ends the run', () => {
  expect(counts.again).toEqual(sent(9))
})

test('a run again writes its run, and one event for each chunk', () => {
  const chunk = { 'INSERT event': 1 }
  expect(counts.writtenAgain).toEqual([{ 'INSERT run': 1 }, chunk, chunk, { 'UPDATE run': 1 }])
})

test('a beat for 10,000 held claims writes one row', () => {
  expect(counts.beats.length).toBeGreaterThan(1)
  for (const beat of counts.beats) expect(beat).toEqual({ 'UPDATE lease': 1 })
})
