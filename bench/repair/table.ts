import { date, guard, int, text } from 'onceover'
import type pg from 'pg'
import { makeTable } from '../scan/table.ts'
import { settle } from '../settle.ts'

/** The key of the repaired tables. */
export const KEY = ['provider_id', 'lesson_date', 'time_slot'] as const

/** The rows that every side begins with. */
const SOURCE = 'repair_source'

/** One of the equal tables: of one side, and of the load without children or the one with them. */
export interface Site {
  readonly table: string
  /** The table whose rows hang on it; undefined where none does. */
  readonly child: string | undefined
}

/** The guard of one of the equal tables. */
export const lessonGuard = ({ table }: Site) =>
  guard(table, {
    table,
    key: { provider_id: int(), lesson_date: date(), time_slot: text() },
    keep: ['id asc'],
  })

/** Makes the rows that every side begins with: one in twenty repeats a key. */
export const makeSource = (pool: pg.Pool, rows: number): Promise<void> =>
  makeTable(pool, rows, SOURCE)

/** Drops them. */
export async function dropSource(pool: pg.Pool): Promise<void> {
  await pool.query(`DROP TABLE ${SOURCE}`)
}

// One row in four has a booking, so that one in eighty of them hangs on a loser.
const copyChild = (table: string, child: string): string => `
  CREATE TABLE ${child} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lesson_id bigint NOT NULL,
    note text NOT NULL
  ) WITH (autovacuum_enabled = false);
  INSERT INTO ${child} (lesson_id, note)
    SELECT id, 'Booking of ' || id FROM ${table} WHERE id % 4 = 0 ORDER BY id;
  CREATE INDEX ON ${child} (lesson_id);
  ALTER TABLE ${child} ADD FOREIGN KEY (lesson_id) REFERENCES ${table}`

const copySource = (table: string): string => `
  CREATE TABLE ${table} (LIKE ${SOURCE} INCLUDING ALL) WITH (autovacuum_enabled = false);
  INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM ${SOURCE} ORDER BY id`

/** Makes the tables of a site anew. Each begins with its rows in one order, and vacuumed. */
export async function makeSite(pool: pg.Pool, { table, child }: Site): Promise<void> {
  if (child) await pool.query(`DROP TABLE IF EXISTS ${child}`)
  await pool.query(`DROP TABLE IF EXISTS ${table}`)
  await pool.query(copySource(table))
  if (child) await pool.query(copyChild(table, child))
  await settle(pool, child ? [table, child] : [table])
}
