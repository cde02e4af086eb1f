import type pg from 'pg'
import { pay } from './payouts.ts'

const LEASE_MS = 1_000

/** What a naive ledger has: who is at it until when, and whether it is done. */
export const NAIVE = `
  CREATE TABLE naive (number int PRIMARY KEY, until timestamptz NOT NULL, done boolean NOT NULL
    DEFAULT false)`

// Everything but a fence: one statement takes what is free or has run out.
const TAKE = `INSERT INTO naive VALUES ($1, now() + $2 * interval '1 ms')
  ON CONFLICT (number) DO UPDATE SET until = EXCLUDED.until
    WHERE NOT naive.done AND naive.until <= now() RETURNING number`

/** Marks a number done. */
export const MARK = 'UPDATE naive SET done = true WHERE number = $1'

/**
 * Pays as a careful program does that has no fence: it takes a number for a time, pays, and marks
 * it done. The control of these trials: it doubles.
 */
export async function payNaively(
  pool: pg.Pool,
  numbers: readonly number[],
  pause?: () => Promise<void>,
): Promise<readonly string[]> {
  const verdicts: string[] = []
  for (const number of numbers) {
    const { rowCount } = await pool.query(TAKE, [number, LEASE_MS])
    if (rowCount === 0) {
      verdicts.push('in_flight or done')
      continue
    }
    await pause?.()
    await pay(pool, [number], [0n])
    await pool.query(MARK, [number])
    verdicts.push('created')
  }
  return verdicts
}
