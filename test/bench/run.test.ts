import { generator, onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { seeded } from '../../bench/random.ts'
import { checkLedgers, rawSide } from '../../bench/run/done.ts'
import { ledgerOf, makeLedgers } from '../../bench/run/ledger.ts'
import { runWhole } from '../../bench/run/ours.ts'
import { makeTable, reportGuard, unitMaker } from '../../bench/run/table.ts'
import { runBenchmarks } from '../../bench/runner.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

test('every side does the same units, and is compared', async () => {
  const database = await testDatabase()
  vi.stubEnv('ONCEOVER_BENCH_UNITS', '2500')
  vi.stubEnv('ONCEOVER_BENCH_SAVED_UNITS', '20')
  try {
    const { url } = database
    const progress = () => undefined
    const { benchmarks } = await runBenchmarks(['run'], { url, rounds: 1, progress })
    const [run] = benchmarks
    expect(run?.setting).toMatchObject({ units: 2500, 'units of a run': 2500, rounds: 1 })
    expect(run?.comparisons.map(({ what, variants }) => [what, variants.length])).toEqual([
      ['claim to done', 2],
      ['save, 1 at a time', 1],
      ['save, 8 at a time', 1],
      ['run again', 1],
      ['run again, beside a record', 1],
    ])
    expect(run?.figures.map(({ met }) => met)).toEqual(Array(9).fill(true))
    // Three chunks: a run is opened and ended, a chunk claimed and ended.
    expect(run?.comparisons.map(({ raw }) => raw.statements)).toEqual([8, 60, 60, 3, 5])
  } finally {
    vi.unstubAllEnvs()
    await database.drop()
  }
})

describe('the check of the ledgers', () => {
  const GUARD = 'reports'
  const raw = { name: 'raw', atOnce: 1, ledger: ledgerOf('raw') }
  const { claim, event, run } = raw.ledger
  const empty = `INSERT INTO ${event} (run_id, guard, verdict, parts, keys)
    SELECT run_id, guard, verdict, parts, '[]' FROM ${event} LIMIT 1`
  let database: TestDatabase

  beforeAll(async () => {
    database = await testDatabase()
    const { pool } = database
    const once = await onceover({ db: pool })
    await once.migrate()
    await makeLedgers(pool, [raw.ledger])
    await makeTable(pool, 'reports')
    const units = unitMaker(seeded(1))(25)
    const nothing = generator(reportGuard(GUARD, 'reports'), { saveAll: () => undefined })
    await runWhole(once, nothing, units, { chunkUnits: 10, created: 25 })
    await rawSide(pool, raw, GUARD, 10).run(units)
    await once.close()
  })
  afterAll(() => database.drop())

  const check = () => checkLedgers(database.pool, GUARD, raw)

  test('passes two sides that did the same', async () => {
    await expect(check()).resolves.toBeUndefined()
  })

  test.each([
    ['claims', `UPDATE ${claim} SET fence = fence + 1 WHERE key = $1`, '2 claims differ'],
    ['keys of events', `UPDATE ${event} SET verdict = 'skipped'`, '50 keys of events differ'],
    ['lines of events', empty, '1 lines of events differ'],
    ['runs', `UPDATE ${run} SET created = 24`, '2 runs differ'],
  ])('sees %s that differ', async (_, change, words) => {
    const client = await database.pool.connect()
    try {
      const { rows } = await client.query<{ key: unknown }>(`SELECT key FROM ${claim} LIMIT 1`)
      await client.query('BEGIN')
      const values = change.includes('$1') ? [JSON.stringify(rows[0]?.key)] : []
      await client.query(change, values)
      const one = { query: client.query.bind(client) }
      await expect(checkLedgers(one, GUARD, raw)).rejects.toThrow(words)
    } finally {
      await client.query('ROLLBACK')
      client.release()
    }
  })
})
