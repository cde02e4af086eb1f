import type pg from 'pg'
import type { Bench, Findings } from './benchmark.ts'
import { type Comparison, compare } from './comparison.ts'
import { Recorder, turnOrder } from './recorder.ts'
import { requireSame, type State, stateOf } from './repair/equality.ts'
import { VARIANTS } from './repair/raw-sql.ts'
import { onceoverSide, rawSide, type Side } from './repair/sides.ts'
import { dropSource, makeSite, makeSource, type Site } from './repair/table.ts'
import { rowsFrom } from './sizes.ts'

const ROWS = 1_000_000
const ROUNDS = 3
const TIME_BAR = 1.5
// The load with a child measures what the child adds, for which fewer rows do.
const CHILD_SHARE = 5

/** What is repaired: a table by itself, or one on whose rows others hang. */
interface Load {
  readonly name: string
  readonly rows: number
  readonly child: boolean
}

const WHATS = ['plan and apply', 'and count again', 'plan', 'apply', 'undo'] as const

const called = ({ name }: Load, what: (typeof WHATS)[number]): string => `${name}, ${what}`

// What a checkpoint leaves to be written again would meet the side that comes after it.
async function checkpoint(pool: pg.Pool): Promise<void> {
  await pool.query('CHECKPOINT').catch(() => undefined)
}

/** Repairs and undoes a load on one side, in a table of its own. */
async function repairOnce(
  { database: { pool } }: Bench,
  recorder: Recorder,
  load: Load,
  { name, begin }: Side,
  round: number,
): Promise<State> {
  const site: Site = { table: 'repaired', child: load.child ? 'repaired_bookings' : undefined }
  await makeSite(pool, site)
  const before = await stateOf(pool, site)
  const repair = begin(site)
  const time = (what: (typeof WHATS)[number], work: () => Promise<void>) =>
    recorder.time(called(load, what), name, round, work)
  await checkpoint(pool)
  await time('and count again', async () => {
    await time('plan and apply', async () => {
      await time('plan', repair.plan)
      await time('apply', repair.apply)
    })
    await repair.verify()
  })
  const after = await stateOf(pool, site, repair.kept())
  await checkpoint(pool)
  await time('undo', repair.undo)
  requireSame('before the repair and after its undo', before, await stateOf(pool, site))
  await repair.clear()
  return after
}

async function runLoad(bench: Bench, recorder: Recorder, load: Load, rounds: number) {
  const { once, progress, database } = bench
  const { pool } = database
  progress(`repair: filling a table of ${load.rows.toLocaleString('en-US')} rows`)
  await makeSource(pool, load.rows)
  const ours = onceoverSide(once, pool)
  const raw = VARIANTS.map((variant) => rawSide(pool, variant))
  for (let round = 1; round <= rounds; round++) {
    const states = new Map<Side, State>()
    for (const side of turnOrder([ours, ...raw], round - 1)) {
      progress(`repair: ${load.name}, round ${round} of ${rounds}, ${side.name}`)
      states.set(side, await repairOnce(bench, recorder, load, side, round))
    }
    const own = states.get(ours)
    for (const [side, state] of states) if (own) requireSame(side.name, own, state)
  }
  await pool.query('DROP TABLE IF EXISTS repaired_bookings, repaired')
  await dropSource(pool)
}

const compareAll = (recorder: Recorder, load: Load): readonly Comparison[] =>
  WHATS.map((what) => {
    const names = { ours: 'onceover', raw: VARIANTS.map(({ name }) => name) }
    const bar = what === 'plan and apply' ? TIME_BAR : undefined
    return compare(recorder, called(load, what), names, { measure: 'time', bar })
  })

/**
 * Repairs a table of which one row in twenty repeats a key, and undoes it, through Onceover and by
 * hand, in turn; then a smaller one, on which a child hangs.
 *
 * @throws Error where the sides leave other rows, archives or children, or an undo changes any
 */
export async function repairBenchmark(bench: Bench): Promise<Findings> {
  const rows = rowsFrom('ONCEOVER_BENCH_REPAIR_ROWS', ROWS)
  const rounds = bench.rounds ?? ROUNDS
  const recorder = new Recorder(bench.database.statements)
  const loads: readonly Load[] = [
    { name: 'repair', rows, child: false },
    { name: 'with a child', rows: Math.ceil(rows / CHILD_SHARE), child: true },
  ]
  await bench.once.migrate()
  for (const load of loads) await runLoad(bench, recorder, load, rounds)
  return {
    setting: { rows, rounds, 'raw SQL tried': VARIANTS.map(({ name }) => name).join('; ') },
    comparisons: loads.flatMap((load) => compareAll(recorder, load)),
    figures: [],
  }
}
