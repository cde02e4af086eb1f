import type { Handle } from 'onceover'

/** Keeps a table as it is now beside it. */
const keep = (table: string) => `CREATE TABLE ${table}_set_aside AS TABLE ${table}`

/** How many rows stand in one of a table and its copy and not in the other, value for value. */
const difference = (table: string) => `
  SELECT count(*)::int AS rows FROM (
    (TABLE ${table} EXCEPT ALL TABLE ${table}_set_aside)
    UNION ALL
    (TABLE ${table}_set_aside EXCEPT ALL TABLE ${table})
  ) AS differing`

/** Copies tables as they are, to hold them against their copies later. */
export async function setAside(handle: Handle, tables: readonly string[]): Promise<void> {
  for (const table of tables) await handle.query(keep(table))
}

/** How many rows of the tables are not as they were set aside; 0 where every row is. */
export async function countDiffering(handle: Handle, tables: readonly string[]): Promise<number> {
  let differing = 0
  for (const table of tables) {
    const { rows } = await handle.query(difference(table))
    differing += Number(rows[0]?.rows)
  }
  return differing
}
