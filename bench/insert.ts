import type { Bench, Findings } from './benchmark.ts'
import { compare } from './comparison.ts'
import { checkEqual } from './insert/equality.ts'
import { LOADS, type Load, type LoadName, loadsOf, sessionMaker } from './insert/loads.ts'
import { type AuditedTable, createAudit, insertThenJoin, joinThenInsert } from './insert/raw-sql.ts'
import { onceoverSide, rawSide, type Side, WAYS, type Way } from './insert/sides.ts'
import { makeTable } from './insert/table.ts'
import { inChunks, seeded } from './random.ts'
import { Recorder, turnOrder } from './recorder.ts'
import { settle } from './settle.ts'
import { rowsFrom } from './sizes.ts'

const ROWS = 100_000
const CHUNK_ROWS = 1000
const ROUNDS = 3
const WARM_UP_CHUNKS = 10
const SEED = 20_251_023

// The two ends have a bar; what lies between them is shown beside.
const BARS: Partial<Record<LoadName, number>> = { 'new keys': 0.8, 'all duplicates': 0.8 }

const OURS_NAME = 'onceover'

const OURS: AuditedTable = {
  table: 'sessions_onceover',
  event: 'onceover.event',
  run: 'onceover.run',
}

const RAW = [
  { name: 'insert, then join', label: 'insert_first', statement: insertThenJoin },
  { name: 'join, then insert', label: 'join_first', statement: joinThenInsert },
].map(({ name, label, statement }) => {
  const tables = { table: `sessions_${label}`, event: `event_${label}`, run: `run_${label}` }
  return { name, tables, statement: statement(tables) }
})

type Time = (what: string, side: string, work: () => Promise<void>) => Promise<void>

/** Inserts the chunks of a load on every side, chunk by chunk in turn. */
async function runLoad(
  sides: readonly Side[],
  way: Way,
  guard: string,
  { name, chunks }: Pick<Load, 'chunks'> & { readonly name: string },
  time: Time,
): Promise<void> {
  const intakes = sides.map((side) => ({ side: side.name, intake: side.begin(way, guard) }))
  for (const [turn, chunk] of chunks.entries()) {
    for (const { side, intake } of turnOrder(intakes, turn)) {
      await time(`${way}, ${name}`, side, () => intake.insert(chunk))
    }
  }
  for (const { intake } of intakes) await intake.end()
}

/** One round of one way: fresh tables, a warm-up, then the loads; after each all must be equal. */
async function runRound(
  { database: { pool }, progress }: Bench,
  sides: readonly Side[],
  way: Way,
  { round, rows }: { readonly round: number; readonly rows: number },
  time: Time,
): Promise<void> {
  const guard = `sessions, ${way}, round ${round}`
  const random = seeded(SEED + round)
  const tables = sides.map(({ table }) => table)
  for (const table of tables) await makeTable(pool, table)
  const first = sessionMaker(random)(WARM_UP_CHUNKS * CHUNK_ROWS)
  const warmUp = { name: 'warm-up', chunks: inChunks(first, CHUNK_ROWS) }
  await runLoad(sides, way, guard, warmUp, (_what, _side, work) => work())
  for (const load of loadsOf(rows, CHUNK_ROWS, random)) {
    progress(`insert: round ${round}, ${way}, ${load.name}`)
    await settle(pool, tables)
    await runLoad(sides, way, guard, load, time)
    for (const raw of RAW) await checkEqual(pool, guard, OURS, raw.tables)
  }
}

const compared = (recorder: Recorder) =>
  WAYS.flatMap((way) =>
    LOADS.map((load) =>
      compare(
        recorder,
        `${way}, ${load}`,
        { ours: OURS_NAME, raw: RAW.map(({ name }) => name) },
        { measure: 'speed', bar: BARS[load] },
      ),
    ),
  )

/**
 * Inserts three loads in chunks, through Onceover and through raw SQL that leaves the same rows,
 * events and totals behind: chunk by chunk in turn, in equal tables of one database.
 *
 * @throws Error where a load left the sides unequal
 */
export async function insertBenchmark(bench: Bench): Promise<Findings> {
  const { once, database } = bench
  const { pool } = database
  const rows = rowsFrom('ONCEOVER_BENCH_ROWS', ROWS)
  const rounds = bench.rounds ?? ROUNDS
  const recorder = new Recorder(database.statements)
  const sides: readonly Side[] = [
    onceoverSide(once, OURS_NAME, OURS.table),
    ...RAW.map(({ name, tables, statement }) => rawSide(pool, name, tables, statement)),
  ]
  await once.migrate()
  for (const { tables } of RAW) await pool.query(createAudit(tables))
  for (let round = 1; round <= rounds; round++) {
    for (const way of WAYS) {
      await runRound(bench, sides, way, { round, rows }, (what, side, work) =>
        recorder.time(what, side, round, work),
      )
    }
  }
  return {
    setting: { rows, 'rows of a chunk': CHUNK_ROWS, rounds },
    comparisons: compared(recorder),
    figures: [],
  }
}
