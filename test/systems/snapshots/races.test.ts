import { onceover } from 'onceover'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookPortfolio, plantBook } from '../../../systems/snapshots/book.ts'
import { listBreaks } from '../../../systems/snapshots/breaks.ts'
import { closeDays, type SnapshotSystem } from '../../../systems/snapshots/generate.ts'
import { closeDayNaively } from '../../../systems/snapshots/naive.ts'
import { type Days, selectTradingDays } from '../../../systems/snapshots/queries.ts'
import { type TestSystem, testSystem } from './system.ts'

const RACERS = 6
const BOOK = { portfolios: 20, from: '2025-11-17', until: '2025-11-26' }
const ids = Array.from({ length: BOOK.portfolios }, (_, place) => bookPortfolio(place + 1))
const days: Days = { from: BOOK.from, until: BOOK.until, portfolioIds: ids }

let system: TestSystem
let racers: readonly (SnapshotSystem & { readonly pool: pg.Pool })[]

beforeAll(async () => {
  system = await testSystem()
  await plantBook(system.pool, BOOK)
  racers = await Promise.all(
    Array.from({ length: RACERS }, async () => {
      const pool = new pg.Pool({ connectionString: system.database.url, max: 4 })
      pool.on('error', () => undefined)
      return { pool, once: await onceover({ db: pool }) }
    }),
  )
})
afterAll(async () => {
  await Promise.all(racers.map(({ once }) => once.close()))
  await Promise.all(racers.map(({ pool }) => pool.end()))
  await system.drop()
})

test('six runs of the same days at once change the equity once for each day', async () => {
  const runs = await Promise.all(
    racers.map((racer, n) => closeDays(racer, days, { actor: `racer ${n}` })),
  )

  const created = runs.flat().reduce((sum, run) => sum + run.created, 0)
  expect(created).toBe(8 * BOOK.portfolios)
  expect(await listBreaks(system.pool, ids)).toEqual([])
  // Whoever lost a portfolio of a day to another run left it to that one: nothing failed.
  for (const { verdict } of runs.flat().flatMap(({ behind }) => behind)) {
    expect(verdict).toBe('in_flight')
  }
  for (const { skipped, behind } of await closeDays(system, days, { actor: 'last' })) {
    expect([skipped, behind]).toEqual([BOOK.portfolios, []])
  }
})

test('the naive code in the same race breaks the chains: the trial can fail', async () => {
  const naive = await testSystem({ enforced: false })
  await plantBook(naive.pool, BOOK)
  const trading = await selectTradingDays(naive.pool, days)
  await Promise.all(
    Array.from({ length: RACERS }, async () => {
      for (const day of trading) {
        for (const portfolioId of ids) await closeDayNaively(naive.pool, { portfolioId, day })
      }
    }),
  )
  const broken = new Set((await listBreaks(naive.pool, ids)).map((each) => each.portfolioId))
  expect(broken.size).toBe(BOOK.portfolios)
  await naive.drop()
})
