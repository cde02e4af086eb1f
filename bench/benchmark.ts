import type { Onceover } from 'onceover'
import type { Comparison, Figure } from './comparison.ts'
import type { CountedPool } from './counted-pool.ts'

/** What a benchmark runs in: a database of its own, and both sides on the same connections. */
export interface Bench {
  readonly url: string
  readonly database: CountedPool
  readonly once: Onceover
  /** How often the whole is repeated; undefined for the benchmark's own default. */
  readonly rounds: number | undefined
  readonly progress: (line: string) => void
}

/** What a benchmark found. */
export interface Findings {
  /** What was run: rows, rounds, sizes of chunks. */
  readonly setting: Readonly<Record<string, number | string>>
  readonly comparisons: readonly Comparison[]
  readonly figures: readonly Figure[]
}

/**
 * A benchmark.
 *
 * @throws Error where the two sides did not do the same
 */
export type Benchmark = (bench: Bench) => Promise<Findings>
