import { randomUUID } from 'node:crypto'
import { generator } from 'onceover'
import type pg from 'pg'
import { apart, requireNone } from '../apart.ts'
import type { Bench } from '../benchmark.ts'
import { inChunks, seeded } from '../random.ts'
import type { Batch, Contest, Side } from './contest.ts'
import { emptyClaims, type Ledger, ledgerOf, makeLedgers, OURS } from './ledger.ts'
import { runWhole, type Sizes } from './ours.ts'
import { claimChunk, endChunk, finishRun, openRun } from './raw-sql.ts'
import { columnsOf, makeTable, reportGuard, unitMaker } from './table.ts'

const OURS_NAME = 'onceover'
const TABLE = 'reports_of_nothing'
const WHAT = 'claim to done'
const SEED = 20_251_023

/** A raw side: how many chunks it has under way at once, and where it keeps its ledger. */
export interface Raw {
  readonly name: string
  readonly atOnce: number
  readonly ledger: Ledger
}

const RAW: readonly Raw[] = [
  { name: 'chunk after chunk', label: 'after', atOnce: 1 },
  { name: 'next chunk claimed meanwhile', label: 'meanwhile', atOnce: 2 },
].map(({ label, ...raw }) => ({ ...raw, ledger: ledgerOf(label) }))

/** The names of both sides. */
export const DONE = { what: WHAT, ours: OURS_NAME, raw: RAW.map(({ name }) => name) } as const

async function doChunk(
  pool: pg.Pool,
  ledger: Ledger,
  { guard, run, lease }: { readonly guard: string; readonly run: string; readonly lease: string },
  chunk: Batch,
  claimed: () => void,
): Promise<number> {
  const units = chunk.map((unit) => JSON.stringify(unit))
  const { rows: won } = await pool.query<{ key_hash: Buffer }>(claimChunk(ledger), [
    ...[guard, lease, randomUUID(), run],
    ...[...columnsOf(chunk), units],
  ])
  claimed()
  const hashes = won.map(({ key_hash }) => key_hash)
  const { rows } = await pool.query<{ ended: number }>(endChunk(ledger), [
    guard,
    lease,
    run,
    hashes,
  ])
  return rows[0]?.ended ?? 0
}

/**
 * The floor: two statements for each chunk, each its own transaction. With two chunks `atOnce`, one
 * is claimed while the one before it is ended, on another connection.
 */
export function rawSide(
  pool: pg.Pool,
  { name, ledger, atOnce }: Raw,
  guard: string,
  chunkUnits: number,
): Side {
  const run = async (units: Batch) => {
    const terms = { guard, run: randomUUID(), lease: randomUUID() }
    await pool.query(openRun(ledger), [terms.run, guard, terms.lease])
    const ending: Promise<number>[] = []
    for (const [place, chunk] of inChunks(units, chunkUnits).entries()) {
      await ending[place - atOnce]
      await new Promise<void>((resolve, reject) => {
        const end = doChunk(pool, ledger, terms, chunk, resolve)
        end.catch(reject)
        ending.push(end)
      })
    }
    const ended = await Promise.all(ending)
    const created = ended.reduce((sum, each) => sum + each, 0)
    await pool.query(finishRun(ledger), [terms.run, created, 0])
  }
  return { name, run }
}

const claims = ({ claim }: Ledger): string => `
  SELECT key_hash, key, state, lease_id, fence, attempt, generation, origin, replaces,
    unit::text, fingerprint, retry_at, error, result::text, done_lease_id IS NOT NULL AS done,
    ended_at >= claimed_at AS ended
  FROM ${claim} WHERE guard = $1`

const keys = ({ event }: Ledger): string => `
  SELECT verdict, reason, parts, key::jsonb FROM ${event}, json_array_elements(keys) AS key
  WHERE guard = $1`

const lines = ({ event }: Ledger): string => `
  SELECT verdict, reason, json_array_length(keys) FROM ${event} WHERE guard = $1`

const runs = ({ run }: Ledger): string => `
  SELECT policy, state, created, skipped, failed, finished_at IS NOT NULL AS finished FROM ${run}
  WHERE guard = $1`

/**
 * Requires that a raw side left the same behind as Onceover.
 *
 * @throws Error that says what differs, and by how much
 */
export const checkLedgers = (pool: Pick<pg.Pool, 'query'>, guard: string, { ledger, name }: Raw) =>
  requireNone(pool, `The ledgers of Onceover and of "${name}"`, [
    ['claims', apart(claims(OURS), claims(ledger)), [guard]],
    ['keys of events', apart(keys(OURS), keys(ledger)), [guard]],
    ['lines of events', apart(lines(OURS), lines(ledger)), [guard]],
    ['runs', apart(runs(OURS), runs(ledger)), [guard]],
  ])

/**
 * Units of which nothing is made and nothing saved, claimed and done in chunks: what the ledger
 * itself costs.
 */
export async function doneContest(
  { once, database: { pool } }: Bench,
  { units, runUnits, chunkUnits }: Sizes,
): Promise<Contest> {
  await makeLedgers(
    pool,
    RAW.map(({ ledger }) => ledger),
  )
  const ledgers = [OURS, ...RAW.map(({ ledger }) => ledger)]
  const open = async (round: number) => {
    const name = `${WHAT}, round ${round}`
    await makeTable(pool, TABLE)
    await emptyClaims(pool, ledgers)
    const nothing = generator(reportGuard(name, TABLE), { saveAll: () => undefined })
    const ours: Side = {
      name: OURS_NAME,
      run: (batch) => runWhole(once, nothing, batch, { chunkUnits, created: batch.length }),
    }
    const make = unitMaker(seeded(SEED + round))
    return {
      sides: [ours, ...RAW.map((raw) => rawSide(pool, raw, name, chunkUnits))],
      warmUp: inChunks(make(runUnits), Math.ceil(runUnits / 2)),
      batches: inChunks(make(units), runUnits),
      tables: [TABLE, ...ledgers.flatMap((ledger) => Object.values(ledger))],
      check: async () => {
        for (const raw of RAW) await checkLedgers(pool, name, raw)
      },
    }
  }
  return { what: WHAT, open }
}
