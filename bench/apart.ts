import type pg from 'pg'

/** SQL that counts the lines in which two queries differ, as `differences`. */
export const apart = (left: string, right: string): string => `
  SELECT count(*)::int AS differences FROM (
    ((${left}) EXCEPT ALL (${right})) UNION ALL ((${right}) EXCEPT ALL (${left}))) AS lines`

/** A check of two sides: what is counted, a statement that answers with `differences`, values. */
export type Check = readonly [what: string, statement: string, values: readonly unknown[]]

/**
 * Requires that every check finds no difference.
 *
 * @param sides how to call the two sides in the error
 * @throws Error that says what differs, and by how much
 */
export async function requireNone(
  pool: Pick<pg.Pool, 'query'>,
  sides: string,
  checks: readonly Check[],
): Promise<void> {
  for (const [what, statement, values] of checks) {
    const { rows } = await pool.query<{ differences: number }>(statement, [...values])
    const differences = rows[0]?.differences
    if (differences === 0) continue
    throw new Error(`${sides} are not equal: ${differences} ${what} differ.`)
  }
}
