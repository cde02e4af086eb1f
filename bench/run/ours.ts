import type { Generator, Onceover } from 'onceover'
import type { Batch } from './contest.ts'
import type { ReportGuard } from './table.ts'

/** How many units there are. */
export interface Sizes {
  /** All of a round. */
  readonly units: number
  /** Those of one run. */
  readonly runUnits: number
  /** Those of a chunk. */
  readonly chunkUnits: number
}

/** What a run is expected to come to. */
export interface Expectation {
  readonly chunkUnits: number
  readonly created?: number
  readonly skipped?: number
  readonly concurrency?: number
}

/**
 * Runs units through Onceover, and requires that all came out as expected.
 *
 * @throws Error where they did not
 */
export async function runWhole(
  once: Onceover,
  reports: Generator<ReportGuard, unknown, undefined, unknown>,
  units: Batch,
  { chunkUnits, created = 0, skipped = 0, concurrency = chunkUnits }: Expectation,
): Promise<void> {
  const { totals, state } = await once.run(reports, units, { concurrency, chunkUnits })
  if (state === 'done' && totals.created === created && totals.skipped === skipped) return
  const words = `${created} created and ${skipped} skipped`
  throw new Error(`The run is ${state}: ${JSON.stringify(totals)} in place of ${words}.`)
}
