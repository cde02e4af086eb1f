import type { Bench, Findings } from './benchmark.ts'
import { type Comparison, compare } from './comparison.ts'
import { Recorder } from './recorder.ts'
import { AGAIN, AGAIN_RECORDED, againContest } from './run/again.ts'
import { runRound } from './run/contest.ts'
import { DONE, doneContest } from './run/done.ts'
import type { Sizes } from './run/ours.ts'
import { checkPromises } from './run/promises.ts'
import { AT_ONCE, savedAt, savedContest } from './run/saved.ts'
import { rowsFrom } from './sizes.ts'

const UNITS = 20_000
const RUN_UNITS = 5_000
const SAVED_UNITS = 800
const SAVED_RUN_UNITS = 200
const CHUNK_UNITS = 1_000
const ROUNDS = 3

const BARS = { done: 0.5, saved: 0.8, again: 0.8 } as const

const sizesOf = (units: number, runUnits: number): Sizes => ({
  units,
  runUnits: Math.min(units, runUnits),
  chunkUnits: CHUNK_UNITS,
})

interface Names {
  readonly what: string
  readonly ours: string
  readonly raw: readonly string[]
}

function comparisons(recorder: Recorder): readonly Comparison[] {
  const against = (names: Names, bar: number | undefined) =>
    compare(recorder, names.what, names, { measure: 'speed', bar })
  const recorded = against(AGAIN_RECORDED, undefined)
  return [
    against(DONE, BARS.done),
    ...AT_ONCE.map((concurrency) => against(savedAt(concurrency), BARS.saved)),
    against(AGAIN, BARS.again),
    { ...recorded, what: `${recorded.what}, beside a record` },
  ]
}

/**
 * Runs units through Onceover, and through raw SQL, run by run in turn: nothing made of them at
 * all, one row saved for each, and all of them made before.
 *
 * @throws Error where the sides did not do the same, or more was sent or written than is promised
 */
export async function runBenchmark(bench: Bench): Promise<Findings> {
  const sizes = sizesOf(rowsFrom('ONCEOVER_BENCH_UNITS', UNITS), RUN_UNITS)
  const saved = sizesOf(rowsFrom('ONCEOVER_BENCH_SAVED_UNITS', SAVED_UNITS), SAVED_RUN_UNITS)
  const rounds = bench.rounds ?? ROUNDS
  const recorder = new Recorder(bench.database.statements)
  await bench.once.migrate()
  bench.progress('run: counting what is sent and written')
  const figures = await checkPromises(bench.database)
  const contests = [
    await doneContest(bench, sizes),
    ...AT_ONCE.map((concurrency) => savedContest(bench, saved, concurrency)),
    await againContest(bench, sizes),
  ]
  for (let round = 1; round <= rounds; round++) {
    for (const contest of contests) await runRound(bench, recorder, contest, round)
  }
  return {
    setting: {
      units: sizes.units,
      'units of a run': sizes.runUnits,
      'units of a chunk': CHUNK_UNITS,
      'units saved one by one': saved.units,
      rounds,
    },
    comparisons: comparisons(recorder),
    figures,
  }
}
