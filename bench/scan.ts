import type { Bench, Findings } from './benchmark.ts'
import { compare, type Figure } from './comparison.ts'
import { Recorder, turnOrder } from './recorder.ts'
import { checkSame, figuresOf, findRaw } from './scan/figures.ts'
import { scanPeakMemory } from './scan/memory.ts'
import { VARIANTS } from './scan/raw-sql.ts'
import { lessons, makeTable } from './scan/table.ts'
import { rowsFrom } from './sizes.ts'

const ROWS = 1_000_000
const ROUNDS = 5
const TIME_BAR = 1.15
const MEMORY_BAR_MB = 150
const WHAT = 'scan'
const TRIAL = 'trial'

// A variant this much slower than the fastest in the trial is not run again.
const HOPELESS = 1.5

interface Side {
  readonly name: string
  find(): Promise<object>
}

async function scanOnce({ once }: Bench) {
  const [report] = await once.scan(lessons)
  if (!report) throw new Error('The scan reported nothing.')
  return figuresOf(report)
}

/** Runs every side once, checks that all find the same, and leaves the hopeless ones out. */
async function trial(bench: Bench, recorder: Recorder): Promise<readonly Side[]> {
  const figures = await scanOnce(bench)
  const raw = VARIANTS.map((variant) => ({
    name: variant.name,
    find: () => findRaw(bench.database.pool, variant),
  }))
  for (const { name, find } of raw) {
    bench.progress(`scan: trying "${name}"`)
    checkSame(figures, name, await recorder.time(TRIAL, name, 0, find))
  }
  const ms = (name: string) => recorder.samples(TRIAL, name)[0]?.ms ?? Number.POSITIVE_INFINITY
  const fastest = Math.min(...raw.map(({ name }) => ms(name)))
  return raw.filter(({ name }) => {
    const times = ms(name) / fastest
    if (times > HOPELESS) bench.progress(`scan: "${name}" takes ${times.toFixed(1)} times as long`)
    return times <= HOPELESS
  })
}

async function memory(bench: Bench, rows: number): Promise<readonly Figure[]> {
  bench.progress('scan: the memory of `onceover scan`')
  const { peak, report } = await scanPeakMemory(bench.url)
  checkSame(await scanOnce(bench), '`onceover scan`', figuresOf(report))
  const figure = (what: string, value: number): Figure => ({
    what: `${what} of \`onceover scan\`, ${rows.toLocaleString('en-US')} rows`,
    value,
    unit: 'MB',
    sign: '<',
    bar: MEMORY_BAR_MB,
    met: value < MEMORY_BAR_MB,
  })
  return [figure('peak resident memory', peak.rssMb), figure('peak heap', peak.heapMb)]
}

/**
 * Scans a table of which one row in twenty repeats a key, through Onceover and through raw SQL that
 * finds the same figures, in turn; and takes the memory of the command.
 *
 * @throws Error where the two find different figures
 */
export async function scanBenchmark(bench: Bench): Promise<Findings> {
  const rows = rowsFrom('ONCEOVER_BENCH_SCAN_ROWS', ROWS)
  const rounds = bench.rounds ?? ROUNDS
  const recorder = new Recorder(bench.database.statements)
  bench.progress(`scan: filling a table of ${rows.toLocaleString('en-US')} rows`)
  await makeTable(bench.database.pool, rows)
  const raw = await trial(bench, recorder)
  const sides: readonly Side[] = [{ name: 'onceover', find: () => scanOnce(bench) }, ...raw]
  for (let round = 1; round <= rounds; round++) {
    bench.progress(`scan: round ${round} of ${rounds}`)
    for (const { name, find } of turnOrder(sides, round - 1)) {
      await recorder.time(WHAT, name, round, find)
    }
  }
  const names = { ours: 'onceover', raw: raw.map(({ name }) => name) }
  const goal = { measure: 'time', bar: TIME_BAR } as const
  return {
    setting: { rows, rounds, 'raw SQL tried': VARIANTS.map(({ name }) => name).join('; ') },
    comparisons: [compare(recorder, WHAT, names, goal)],
    figures: await memory(bench, rows),
  }
}
