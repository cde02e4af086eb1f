import type pg from 'pg'

/** Brings statistics and visibility of every side to the same state. */
export async function settle(pool: pg.Pool, tables: readonly string[]): Promise<void> {
  for (const table of tables) await pool.query(`VACUUM (ANALYZE) ${table}`)
}
