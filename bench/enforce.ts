import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Findings } from './benchmark.ts'
import { compare, type Figure } from './comparison.ts'
import { lockSide, onceoverSide, retrySide, type Side } from './enforce/sides.ts'
import { makeTable, standing, TABLE } from './enforce/table.ts'
import { type Wrote, whileWriting } from './enforce/writers.ts'
import { Recorder, turnOrder } from './recorder.ts'
import { rowsFrom } from './sizes.ts'

const ROWS = 500_000
const ROUNDS = 3
const BLOCKED_BAR_MS = 500
const WHAT = 'enforce'
// The writers are to be under way before it begins, and for a while after it has ended.
const AROUND_MS = 500

/** What a side came to in one round. */
interface Outcome extends Wrote {
  readonly builds: number
  readonly stands: boolean
}

async function enforceOnce(
  { database: { pool }, url }: Bench,
  recorder: Recorder,
  rows: number,
  { name, enforce }: Side,
  round: number,
): Promise<Outcome> {
  await makeTable(pool, rows)
  const { answer, wrote } = await whileWriting(url, rows + 1, async () => {
    await sleep(AROUND_MS)
    const done = await recorder.time(WHAT, name, round, enforce)
    await sleep(AROUND_MS)
    return done
  })
  const found = await standing(pool)
  if (answer.stands && (found.duplicates > 0 || found.indexes !== 1)) {
    throw new Error(`"${name}" left ${JSON.stringify(found)}.`)
  }
  return { ...wrote, ...answer }
}

const longest = (outcomes: readonly Wrote[]): number =>
  Math.max(...outcomes.map(({ longestMs }) => longestMs))

const figuresOf = (side: string, outcomes: readonly Outcome[], bars: boolean): Figure[] => {
  const builds = Math.max(...outcomes.map((each) => each.builds))
  const blocked = longest(outcomes)
  const stood = outcomes.filter(({ stands }) => stands).length
  const bar = (value: number, most: number) =>
    bars ? { bar: most, met: value <= most } : { bar: undefined, met: undefined }
  const sign = '≤' as const
  return [
    {
      what: `${side}: most builds until the index stood (it did in ${stood} of ${outcomes.length})`,
      ...{ value: builds, unit: 'builds', sign, ...bar(builds, 1) },
    },
    {
      what: `${side}: the longest that a statement of a writer took`,
      ...{ value: blocked, unit: 'ms', sign, ...bar(blocked, BLOCKED_BAR_MS) },
    },
  ]
}

// How long statements take on this machine where nobody enforces anything.
async function undisturbed({ database: { pool }, url }: Bench, rows: number): Promise<Figure> {
  await makeTable(pool, rows)
  const { wrote } = await whileWriting(url, rows + 1, () => sleep(4 * AROUND_MS))
  return {
    what: 'nobody enforces: the longest that a statement of a writer took',
    ...{ value: wrote.longestMs, unit: 'ms', sign: '≤', bar: undefined, met: undefined },
  }
}

/**
 * Enforces the key of a table with duplicates while four processes write more of them, through
 * Onceover and by hand, in turn.
 *
 * @throws Error where a side says that its index stands, and it does not
 */
export async function enforceBenchmark(bench: Bench): Promise<Findings> {
  const rows = rowsFrom('ONCEOVER_BENCH_ENFORCE_ROWS', ROWS)
  const rounds = bench.rounds ?? ROUNDS
  const { pool } = bench.database
  const recorder = new Recorder(bench.database.statements)
  await bench.once.migrate()
  const alone = await undisturbed(bench, rows)
  const raw = [retrySide(pool), lockSide(pool)]
  const sides: readonly Side[] = [onceoverSide(bench.once), ...raw]
  const outcomes = new Map<string, Outcome[]>(sides.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const side of turnOrder(sides, round - 1)) {
      bench.progress(`enforce: round ${round} of ${rounds}, ${side.name}`)
      const outcome = await enforceOnce(bench, recorder, rows, side, round)
      outcomes.get(side.name)?.push(outcome)
      bench.progress(`enforce: ${JSON.stringify(outcome)}`)
    }
  }
  await pool.query(`DROP TABLE ${TABLE}`)
  const goal = { measure: 'time', bar: undefined } as const
  return {
    setting: { rows, rounds, writers: 4 },
    comparisons: raw.map(({ name }) => ({
      ...compare(recorder, WHAT, { ours: 'onceover', raw: [name] }, goal),
      what: `${WHAT}, beside ${name}`,
    })),
    figures: [
      alone,
      ...sides.flatMap(({ name }) =>
        figuresOf(name, outcomes.get(name) ?? [], name === 'onceover'),
      ),
    ],
  }
}
