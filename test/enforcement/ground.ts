import { date, type Guard, type GuardOptions, guard, int, type KeyParts } from 'onceover'
import pg from 'pg'
import type { TestDatabase } from '../support/database.ts'

/** What a test may say of a guard besides its table. */
export type Options = Partial<GuardOptions<KeyParts>>

let tables = 0

/** A guard on a new table; `$t` stands for its name in the DDL. */
export async function guardedOn(db: TestDatabase, ddl = '', options: Options = {}): Promise<Guard> {
  const table = `t${++tables}`
  const columns = `id serial PRIMARY KEY, day date, room int, note text, tags int[], doc json,
    gone boolean NOT NULL DEFAULT false, nr int NOT NULL DEFAULT 0, span interval`
  await db.pool.query(`CREATE TABLE $t (${columns}); ${ddl}`.replaceAll('$t', table))
  return guard(table, { table, key: { day: date(), room: int() }, ...options })
}

/** A session of its own that an enforcement may meet. */
export async function sessionOn(db: TestDatabase): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: db.url, application_name: 'nightly import' })
  made.on('error', () => {})
  await made.connect()
  return made
}
