import { onceover } from 'onceover'
import type { Benchmark } from './benchmark.ts'
import { countedPool } from './counted-pool.ts'
import { enforceBenchmark } from './enforce.ts'
import { insertBenchmark } from './insert.ts'
import { machineFacts } from './machine.ts'
import { repairBenchmark } from './repair.ts'
import type { Report } from './report.ts'
import { runBenchmark } from './run.ts'
import { scanBenchmark } from './scan.ts'
import { serverBenchmark } from './server.ts'

/** The benchmarks by name. */
export const BENCHMARKS = {
  insert: insertBenchmark,
  repair: repairBenchmark,
  enforce: enforceBenchmark,
  run: runBenchmark,
  scan: scanBenchmark,
  server: serverBenchmark,
} as const satisfies Readonly<Record<string, Benchmark>>

/** The name of a benchmark. */
export type BenchmarkName = keyof typeof BENCHMARKS

const MS = 1000

const ALL: readonly BenchmarkName[] = ['insert', 'run', 'scan', 'repair', 'enforce', 'server']

/**
 * Runs benchmarks one after the other in an empty database.
 *
 * @param names all where none is named
 * @throws Error where the two sides of a benchmark did not do the same
 */
export async function runBenchmarks(
  names: readonly BenchmarkName[],
  options: {
    readonly url: string
    readonly rounds?: number
    readonly progress: (line: string) => void
  },
): Promise<Report> {
  const { url, rounds, progress } = options
  const database = countedPool(url)
  try {
    const once = await onceover({ db: database.pool })
    const machine = await machineFacts(database.pool)
    const benchmarks: Report['benchmarks'][number][] = []
    for (const name of names.length > 0 ? names : ALL) {
      const start = performance.now()
      const findings = await BENCHMARKS[name]({ url, database, once, rounds, progress })
      benchmarks.push({ name, seconds: (performance.now() - start) / MS, ...findings })
    }
    await once.close()
    return { machine, target: once.target, benchmarks }
  } finally {
    await database.pool.end()
  }
}
