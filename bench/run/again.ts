import { randomUUID } from 'node:crypto'
import { generator } from 'onceover'
import type pg from 'pg'
import { apart, requireNone } from '../apart.ts'
import type { Bench } from '../benchmark.ts'
import { inChunks, seeded, shuffled } from '../random.ts'
import type { Batch, Contest, Side } from './contest.ts'
import { emptyClaims, type Ledger, ledgerOf, makeLedgers, OURS } from './ledger.ts'
import { runWhole, type Sizes } from './ours.ts'
import { antiJoin, finishRun, openRun, recordedAntiJoin } from './raw-sql.ts'
import { columnsOf, insertRows, KEY, makeTable, reportGuard, unitMaker } from './table.ts'

const WHAT = 'run again'
const OURS_NAME = 'onceover'
const PLAIN = 'anti-join'
const RECORDED = 'anti-join, recorded'
const TABLE = 'reports_done'
const LEDGER = ledgerOf('again')
const SEED = 20_260_725

/** The names of both sides, beside raw SQL that writes nothing. */
export const AGAIN = { what: WHAT, ours: OURS_NAME, raw: [PLAIN] } as const

/** The names of both sides, beside raw SQL that leaves the same run and events behind. */
export const AGAIN_RECORDED = { ...AGAIN, raw: [RECORDED] } as const

function requireNoRow(rows: readonly object[]): void {
  if (rows.length > 0) throw new Error(`The anti-join misses ${rows.length} rows.`)
}

const plainSide = (pool: pg.Pool, chunkUnits: number): Side => ({
  name: PLAIN,
  run: async (units) => {
    for (const chunk of inChunks(units, chunkUnits)) {
      const { rows } = await pool.query(antiJoin(TABLE), columnsOf(chunk))
      requireNoRow(rows)
    }
  },
})

const recordedSide = (pool: pg.Pool, guard: string, chunkUnits: number): Side => ({
  name: RECORDED,
  run: async (units) => {
    const run = randomUUID()
    await pool.query(openRun(LEDGER), [run, guard, randomUUID()])
    for (const chunk of inChunks(units, chunkUnits)) {
      const values = [run, guard, ...columnsOf(chunk)]
      const { rows } = await pool.query(recordedAntiJoin(TABLE, LEDGER), values)
      requireNoRow(rows)
    }
    await pool.query(finishRun(LEDGER), [run, 0, units.length])
  },
})

const skips = ({ event }: Ledger): string => `
  SELECT verdict, reason, parts, pair.key::jsonb, pair.id::jsonb FROM ${event}
    CROSS JOIN ROWS FROM (json_array_elements(keys), json_array_elements(existing)) AS pair(key, id)
  WHERE guard = $1 AND verdict = 'skipped'`

const lines = ({ event }: Ledger): string => `
  SELECT json_array_length(keys) FROM ${event} WHERE guard = $1 AND verdict = 'skipped'`

const runs = ({ run }: Ledger): string => `
  SELECT policy, state, skipped, created FROM ${run} WHERE guard = $1 AND created = 0`

const strayIds = `
  SELECT count(*)::int AS differences FROM ${OURS.event}
    CROSS JOIN ROWS FROM (json_array_elements(keys), json_array_elements(existing)) AS pair(key, id)
    LEFT JOIN ${TABLE} AS standing ON standing.id = (pair.id->>'id')::bigint
  WHERE guard = $1 AND verdict = 'skipped'
    AND pair.key::jsonb IS DISTINCT FROM jsonb_build_array(${KEY.join(', ')})`

async function makeDone({ once }: Bench, name: string, units: Batch, chunkUnits: number) {
  const reports = generator(reportGuard(name, TABLE), {
    saveAll: async (tx, items) => {
      await tx.query(insertRows(TABLE), columnsOf(items.map(({ unit }) => unit)))
    },
  })
  await runWhole(once, reports, units, { chunkUnits, created: units.length })
  return reports
}

/** Units that were all made before, run again. */
export async function againContest(
  bench: Bench,
  { units, runUnits, chunkUnits }: Sizes,
): Promise<Contest> {
  const { once } = bench
  const { pool } = bench.database
  await makeLedgers(pool, [LEDGER])
  const open = async (round: number) => {
    const name = `${WHAT}, round ${round}`
    await makeTable(pool, TABLE)
    await emptyClaims(pool, [OURS])
    const random = seeded(SEED + round)
    const made = unitMaker(random)(units)
    const reports = await makeDone(bench, name, made, chunkUnits)
    const ours: Side = {
      name: OURS_NAME,
      run: (batch) => runWhole(once, reports, batch, { chunkUnits, skipped: batch.length }),
    }
    return {
      sides: [ours, plainSide(pool, chunkUnits), recordedSide(pool, name, chunkUnits)],
      warmUp: inChunks(shuffled(made, random).slice(0, runUnits), runUnits),
      batches: inChunks(shuffled(made, random), runUnits),
      tables: [TABLE, ...Object.values(OURS), ...Object.values(LEDGER)],
      check: () =>
        requireNone(pool, `The audits of Onceover and of "${RECORDED}"`, [
          ['skipped keys', apart(skips(OURS), skips(LEDGER)), [name]],
          ['lines of events', apart(lines(OURS), lines(LEDGER)), [name]],
          ['runs', apart(runs(OURS), runs(LEDGER)), [name]],
          ['existing ids', strayIds, [name]],
        ]),
    }
  }
  return { what: WHAT, open }
}
