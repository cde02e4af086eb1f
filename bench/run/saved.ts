import { generator } from 'onceover'
import type pg from 'pg'
import { apart, requireNone } from '../apart.ts'
import type { Bench } from '../benchmark.ts'
import { inChunks, seeded } from '../random.ts'
import { type Batch, type Contest, type Side, withClient } from './contest.ts'
import { emptyClaims, OURS } from './ledger.ts'
import { runWhole, type Sizes } from './ours.ts'
import { insertRow, KEY, makeTable, reportGuard, unitMaker } from './table.ts'

const OURS_NAME = 'onceover'
const RAW_NAME = 'a transaction for each'
const TABLES = { ours: 'reports_saved', raw: 'reports_saved_raw' } as const
const SEED = 20_260_104

/** How many units are saved at once. */
export const AT_ONCE = [1, 8] as const

/** The names of both sides. */
export const savedAt = (concurrency: number) => ({
  what: `save, ${concurrency} at a time`,
  ours: OURS_NAME,
  raw: [RAW_NAME],
})

// BEGIN, INSERT, COMMIT on a client of the pool, as node-postgres teaches it.
function rawSide(pool: pg.Pool, concurrency: number): Side {
  const save = ({ key }: Batch[number]) =>
    withClient(pool, async (client) => {
      await client.query('BEGIN')
      await client.query(insertRow(TABLES.raw), [key.student_id, key.week])
      await client.query('COMMIT')
    })
  const run = async (units: Batch) => {
    const waiting = units.values()
    const lane = async () => {
      for (const unit of waiting) await save(unit)
    }
    await Promise.all(Array.from({ length: concurrency }, lane))
  }
  return { name: RAW_NAME, run }
}

const rows = (table: string): string => `SELECT ${KEY.join(', ')}, narrative FROM ${table}`

const unclaimed = `
  SELECT count(*)::int AS differences FROM ${TABLES.ours} FULL JOIN
    (SELECT * FROM ${OURS.claim} WHERE guard = $1 AND state = 'done') AS claim
    ON claim.key = jsonb_build_array(student_id, week)
  WHERE claim.key IS NULL OR id IS NULL`

/** Units that are saved a row at a time, each in a transaction of its own. */
export function savedContest(
  { once, database: { pool } }: Bench,
  { units, runUnits, chunkUnits }: Sizes,
  concurrency: number,
): Contest {
  const { what } = savedAt(concurrency)
  const open = async (round: number) => {
    const name = `${what}, round ${round}`
    for (const table of Object.values(TABLES)) await makeTable(pool, table)
    await emptyClaims(pool, [OURS])
    const reports = generator(reportGuard(name, TABLES.ours), {
      save: async (tx, { unit: { key } }) => {
        await tx.query(insertRow(TABLES.ours), [key.student_id, key.week])
      },
    })
    const ours: Side = {
      name: OURS_NAME,
      run: (batch) =>
        runWhole(once, reports, batch, { chunkUnits, concurrency, created: batch.length }),
    }
    const make = unitMaker(seeded(SEED + round))
    return {
      sides: [ours, rawSide(pool, concurrency)],
      warmUp: inChunks(make(runUnits), runUnits),
      batches: inChunks(make(units), runUnits),
      tables: [...Object.values(TABLES), ...Object.values(OURS)],
      check: () =>
        requireNone(pool, `${TABLES.ours} and ${TABLES.raw}`, [
          ['rows', apart(rows(TABLES.ours), rows(TABLES.raw)), []],
          ['rows and finished claims', unclaimed, [name]],
        ]),
    }
  }
  return { what, open }
}
