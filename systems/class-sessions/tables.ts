import { readFile } from 'node:fs/promises'
import type { Pool } from 'pg'

/** Empties every table of the school, so that the next trial starts from nothing. */
const EMPTY_TABLES = `
  TRUNCATE class_session_students, class_sessions, class_series, students, teachers, branches`

/** Empties the sessions alone and keeps the series that they are made from. */
const EMPTY_SESSIONS = 'TRUNCATE class_session_students, class_sessions'

/** Creates the tables of schema.sql; the database's own error where one of them exists already. */
export async function createTables(pool: Pool): Promise<void> {
  await pool.query(await readFile(new URL('./schema.sql', import.meta.url), 'utf8'))
}

/** Empties every table of the school. */
export async function emptyTables(pool: Pool): Promise<void> {
  await pool.query(EMPTY_TABLES)
}

/** Empties the sessions and rosters and keeps everything else. */
export async function emptySessions(pool: Pool): Promise<void> {
  await pool.query(EMPTY_SESSIONS)
}
