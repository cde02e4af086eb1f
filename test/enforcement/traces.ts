import type pg from 'pg'

/** Everything in the catalogue that enforcing a guard on a table and its partitions can leave. */
export async function tracesOf(pool: pg.Pool, table: string): Promise<string[]> {
  const { rows } = await pool.query(
    `WITH branch AS (SELECT $1::regclass::oid AS oid
       UNION SELECT relid FROM pg_partition_tree($1::regclass))
     SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid IN (SELECT oid FROM branch) AND NOT i.indisprimary
     UNION ALL SELECT tgname FROM pg_trigger
     WHERE tgrelid = $1::regclass AND NOT tgisinternal
     UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'ux%' || $1 || '%gate%'
     ORDER BY 1`,
    [table],
  )
  return rows.map(({ name }) => name)
}
