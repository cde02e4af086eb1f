import { expect, test, vi } from 'vitest'
import { runBenchmarks } from '../../bench/runner.ts'
import { checkSame, type ScanFigures } from '../../bench/scan/figures.ts'
import { VARIANTS } from '../../bench/scan/raw-sql.ts'
import { testDatabase } from '../support/database.ts'

test('the scan and every raw variant find the same, and are compared', async () => {
  const database = await testDatabase()
  vi.stubEnv('ONCEOVER_BENCH_SCAN_ROWS', '40000')
  try {
    const said: string[] = []
    const progress = (line: string) => said.push(line)
    const { url } = database
    const { benchmarks } = await runBenchmarks(['scan'], { url, rounds: 2, progress })
    const [scan] = benchmarks
    // Which raw variant is the fastest, and so is compared, is no matter of this test.
    const statements = expect.any(Number)
    expect(scan?.comparisons).toMatchObject([{ what: 'scan', samples: 2, raw: { statements } }])
    expect(scan?.figures.map(({ value }) => value > 0)).toEqual([true, true])
    for (const { name } of VARIANTS) expect(said).toContain(`scan: trying "${name}"`)
    // One row in twenty repeats a key, and the twelve large groups are among the repeated.
    const { rows } = await database.pool.query(`
      SELECT count(*)::int AS rows,
        count(DISTINCT (provider_id, lesson_date, time_slot))::int AS keys,
        count(*) FILTER (WHERE provider_id IS NULL)::int > 0 AS holes
      FROM lessons`)
    expect(rows).toEqual([{ rows: 40_000, keys: 38_000, holes: true }])
  } finally {
    vi.unstubAllEnvs()
    await database.drop()
  }
})

test('figures that differ are refused, and both are shown', () => {
  const figures: ScanFigures = {
    rows: 2,
    nulls: [0, 0, 0],
    nonCanonical: 0,
    equal: { groups: 1, excess: 1 },
    distinct: { groups: 1, excess: 1 },
    largest: [{ key: [1, '2025-01-01', '08:00-08:30'], rows: 2, ids: ['1', '2'] }],
  }
  expect(() => checkSame(figures, 'raw', structuredClone(figures))).not.toThrow()
  const other = { ...figures, largest: [{ ...figures.largest[0], ids: ['2', '1'] }] }
  expect(() => checkSame(figures, 'raw', other)).toThrow(/"raw" find different.*\["2","1"\]/s)
})
