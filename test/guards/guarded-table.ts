import {
  type Coverage,
  date,
  type Guard,
  type GuardOptions,
  guard,
  int,
  type KeyParts,
} from 'onceover'
import type pg from 'pg'

/** The columns of the table of `guardedTable`. */
export const COLUMNS = `id int PRIMARY KEY, day date, room int, name text, mail citext, tags int[],
  caseless text COLLATE caseless, cancelled boolean NOT NULL DEFAULT false,
  domained room_number, copy int NOT NULL DEFAULT 0,
  doubled int GENERATED ALWAYS AS (room * 2) STORED, "roomNumber" int`

/** What the columns need of the database. */
export const PREPARATION = `
  CREATE EXTENSION citext;
  CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE DOMAIN room_number AS int`

/** What a test changes of the guard on (day, room). */
export type Options = Partial<GuardOptions<KeyParts>>

let tables = 0

/**
 * A guard on a new table.
 *
 * @param ddl runs after the table is made; `$t` stands for its name
 */
export async function guardedTable(
  pool: pg.Pool,
  ddl: string,
  options: Options = {},
): Promise<Guard> {
  const table = `t${++tables}`
  await pool.query(`CREATE TABLE $t (${COLUMNS}); ${ddl}`.replaceAll('$t', table))
  return guard(table, { table, key: { day: date(), room: int() }, ...options })
}

/** The verdict of a coverage, with names that are shortened by that of the table. */
export const inWords = ({ enforced, indexes, shadows }: Coverage, { table }: Guard) => ({
  enforced,
  by: indexes.map(({ name }) => name.replace(`${table}_`, '')),
  shadows: shadows.map(({ name, kind, why }) => `${name.replace(`${table}_`, '')} ${kind}: ${why}`),
})
