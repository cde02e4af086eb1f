import { date, guard, int } from 'onceover'
import type pg from 'pg'

/** The table that is written to while its key is enforced. */
export const TABLE = 'seats'

/** The columns of its key. */
export const KEY = ['room_id', 'day'] as const

/** Its guard. */
export const seats = guard('seats', {
  table: TABLE,
  key: { room_id: int(), day: date() },
  keep: ['id asc'],
})

// The key of a number: the same for what fills the table and for what its writers add.
export const KEY_OF = "($1::bigint / 400)::int, date '2025-01-01' + ($1::bigint % 400)::int"

const fill = `
  INSERT INTO ${TABLE} (room_id, day, holder)
  SELECT (k / 400)::int, date '2025-01-01' + (k % 400)::int, 'Holder of ' || i
  FROM (SELECT i, CASE WHEN i % 20 = 0 THEN i - 19 ELSE i END AS k
    FROM generate_series(1, $1::bigint) AS i) AS numbered ORDER BY i`

/**
 * Makes and fills the table: one row in twenty repeats a key. A plain index stands on the key, by
 * which an application looks whether a row is there.
 */
export async function makeTable(pool: pg.Pool, rows: number): Promise<void> {
  await pool.query(`DROP TABLE IF EXISTS ${TABLE}`)
  await pool.query(`CREATE TABLE ${TABLE} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id int NOT NULL,
    day date NOT NULL,
    holder text NOT NULL
  )`)
  await pool.query(fill, [rows])
  await pool.query(`CREATE INDEX ON ${TABLE} (${KEY.join(', ')})`)
  await pool.query(`VACUUM (ANALYZE) ${TABLE}`)
}

/** How many keys repeat, and how many valid unique indexes the table has besides that of its id. */
export async function standing(
  pool: pg.Pool,
): Promise<{ readonly duplicates: number; readonly indexes: number }> {
  const { rows } = await pool.query<{ duplicates: number; indexes: number }>(`
    SELECT (SELECT count(*) FROM (SELECT FROM ${TABLE} GROUP BY ${KEY.join(', ')}
        HAVING count(*) > 1) AS repeated)::int AS duplicates,
      (SELECT count(*) FROM pg_index WHERE indrelid = '${TABLE}'::regclass
        AND indisunique AND NOT indisprimary AND indisvalid AND indisready)::int AS indexes`)
  return rows[0] ?? { duplicates: -1, indexes: -1 }
}
