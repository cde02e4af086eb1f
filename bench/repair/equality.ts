import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import type { Site } from './table.ts'

/** What stands in tables: for each how many rows, and the sum of the hashes of them. */
export type State = Readonly<Record<string, readonly [rows: string, hashes: string]>>

const fingerprint = (query: string): string =>
  `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(kept::text, 0)), 0)::text AS hashes
  FROM (${query}) AS kept`

/**
 * Reads what stands in the tables of a site.
 *
 * @param kept what a repair keeps besides: what it removed, and what it changed in the child
 */
export async function stateOf(
  pool: pg.Pool,
  { table, child }: Site,
  kept?: { readonly rows: string; readonly moves: string },
): Promise<State> {
  const queries: Readonly<Record<string, string>> = {
    rows: `SELECT * FROM ${table}`,
    ...(child && { children: `SELECT * FROM ${child}` }),
    ...(kept && { removed: kept.rows }),
    ...(kept && child && { moved: kept.moves }),
  }
  const state: Record<string, readonly [string, string]> = {}
  for (const [what, query] of Object.entries(queries)) {
    const { rows } = await pool.query<{ rows: string; hashes: string }>(fingerprint(query))
    state[what] = [rows[0]?.rows ?? '', rows[0]?.hashes ?? '']
  }
  return state
}

/**
 * The fairness check of a repair.
 *
 * @throws Error with both states where they differ
 */
export function requireSame(what: string, left: State, right: State): void {
  if (isDeepStrictEqual(left, right)) return
  throw new Error(`Not equal: ${what}\n${JSON.stringify(left)}\n${JSON.stringify(right)}`)
}
