import { expect, test, vi } from 'vitest'
import { requireSame, type State } from '../../bench/repair/equality.ts'
import { runBenchmarks } from '../../bench/runner.ts'
import { testDatabase } from '../support/database.ts'

test('a repair and those by hand leave the same behind, and are compared', async () => {
  const database = await testDatabase()
  vi.stubEnv('ONCEOVER_BENCH_REPAIR_ROWS', '20000')
  try {
    const said: string[] = []
    const progress = (line: string) => said.push(line)
    const { benchmarks } = await runBenchmarks(['repair'], {
      ...{ url: database.url, rounds: 1, progress },
    })
    const comparisons = benchmarks[0]?.comparisons ?? []
    const whats = ['plan and apply', 'and count again', 'plan', 'apply', 'undo']
    expect(comparisons.map(({ what }) => what)).toEqual([
      ...whats.map((what) => `repair, ${what}`),
      ...whats.map((what) => `with a child, ${what}`),
    ])
    for (const { what, samples, bar, variants } of comparisons) {
      expect(samples).toBe(1)
      expect(variants).toHaveLength(2)
      expect(bar).toBe(what.endsWith('plan and apply') ? 1.5 : undefined)
    }
    expect(said).toContain('repair: with a child, round 1 of 1, rank, delete by place')
    const { rows } = await database.pool.query(`
      SELECT count(*)::int AS rest FROM pg_class
      WHERE relkind = 'r' AND relname ~ '^(repaired|repair_source|repair_[0-9])'`)
    expect(rows).toEqual([{ rest: 0 }])
  } finally {
    vi.unstubAllEnvs()
    await database.drop()
  }
})

test('states that differ are refused, and both are shown', () => {
  const state: State = { rows: ['2', '10'] }
  expect(() => requireSame('raw', state, structuredClone(state))).not.toThrow()
  expect(() => requireSame('raw', state, { rows: ['2', '11'] })).toThrow(
    /raw.*\["2","10"\].*\["2","11"\]/s,
  )
})
