import type pg from 'pg'
import type { Bench } from '../benchmark.ts'
import { type Recorder, turnOrder } from '../recorder.ts'
import { settle } from '../settle.ts'
import type { ReportUnit } from './table.ts'

/** Units that are done as one run. */
export type Batch = readonly ReportUnit[]

/** One of the sides that are compared. */
export interface Side {
  readonly name: string
  /** Does a batch; all of it is committed when this returns. */
  run(units: Batch): Promise<void>
}

/** What a round of a contest works on. */
export interface Round {
  readonly sides: readonly Side[]
  /** Not counted. */
  readonly warmUp: readonly Batch[]
  readonly batches: readonly Batch[]
  /** Tables that are vacuumed and analyzed between the two. */
  readonly tables: readonly string[]
  /** Requires that all sides did the same. */
  check(): Promise<void>
}

/** Something that several sides can do. */
export interface Contest {
  readonly what: string
  /** Makes fresh tables for a round. */
  open(round: number): Promise<Round>
}

async function eachInTurn(
  sides: readonly Side[],
  batches: readonly Batch[],
  run: (side: Side, units: Batch) => Promise<void>,
): Promise<void> {
  for (const [turn, units] of batches.entries()) {
    for (const side of turnOrder(sides, turn)) await run(side, units)
  }
}

/**
 * One round: fresh tables, a warm-up, then batch by batch all sides in turn; after that all must
 * have done the same.
 *
 * @throws Error where they did not
 */
export async function runRound(
  { database: { pool }, progress }: Bench,
  recorder: Recorder,
  { what, open }: Contest,
  round: number,
): Promise<void> {
  progress(`run: round ${round}, ${what}`)
  const { sides, warmUp, batches, tables, check } = await open(round)
  await eachInTurn(sides, warmUp, (side, units) => side.run(units))
  await settle(pool, tables)
  await eachInTurn(sides, batches, (side, units) =>
    recorder.time(what, side.name, round, () => side.run(units)),
  )
  await check()
}

/** Runs `work` on a client of the pool. */
export async function withClient<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}
