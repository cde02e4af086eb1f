import { date, guard, int, text } from 'onceover'
import type pg from 'pg'

/** The table that is scanned. */
export const TABLE = 'lessons'

/** The columns of its key. */
export const KEY = ['provider_id', 'lesson_date', 'time_slot'] as const

/** Its guard; no index stands for it, as in a table that is looked at for the first time. */
export const lessons = guard('lessons', {
  table: TABLE,
  key: { provider_id: int(), lesson_date: date(), time_slot: text() },
  keep: ['id asc'],
})

const createTable = (table: string): string => `
  CREATE TABLE ${table} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id int,
    lesson_date date,
    time_slot text,
    subject text NOT NULL
  ) WITH (autovacuum_enabled = false)`

/**
 * Row i has the key number k: its own, except that each twentieth repeats one: mostly that of the
 * row 19 before, and each two thousandth one of twelve, which become the large groups. k is
 * scattered over providers, days and slots, so that the table is not in the order of its key; the
 * multiplier has no factor in common with the number of keys, so different k are different keys.
 * One key number in a thousand has no provider.
 */
const fillTable = (table: string): string => `
  INSERT INTO ${table} (provider_id, lesson_date, time_slot, subject)
  SELECT CASE WHEN k % 1000 <> 1 THEN spot % 30011 END,
    date '2025-01-01' + (spot / 30011 % 400)::int,
    to_char(slot, 'HH24:MI-') || to_char(slot + interval '30 min', 'HH24:MI'),
    'Subject ' || i % 40
  FROM (SELECT i, k, spot, time '00:00' + spot / 30011 / 400 * interval '30 min' AS slot
    FROM (SELECT i, k, k * 7368787 % (30011 * 400 * 48) AS spot
      FROM (SELECT i, CASE WHEN i % 2000 = 0 THEN 1 + i / 2000 % 12
          WHEN i % 20 = 0 THEN i - 19 ELSE i END AS k
        FROM generate_series(1, $1::bigint) AS i) AS numbered) AS scattered) AS placed
  ORDER BY i`

/** Makes and fills a table: one row in twenty repeats a key. */
export async function makeTable(pool: pg.Pool, rows: number, table = TABLE): Promise<void> {
  await pool.query(createTable(table))
  await pool.query(fillTable(table), [rows])
  await pool.query(`VACUUM (ANALYZE) ${table}`)
}
