import { date, guard, int, type Onceover, onceover, text } from '../../src/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

/** A database of its own with Onceover on it. */
export interface Opened {
  readonly db: TestDatabase
  readonly once: Onceover
  /** Runs one statement past Onceover and returns its rows. */
  query(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** Opens a new database, runs `ddl` on it, and migrates it unless told otherwise. */
export async function open(ddl = '', { migrated = true } = {}): Promise<Opened> {
  const db = await testDatabase()
  const once = await onceover({ db: db.pool })
  if (migrated) await once.migrate()
  await db.pool.query(ddl)
  return {
    db,
    once,
    query: async (statement, values) => (await db.pool.query(statement, values)).rows,
    close: () => db.drop(),
  }
}

/** A table whose key binds only what is not cancelled, with a second unique constraint. */
export const LESSONS = `
  CREATE TABLE lesson (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    teacher int, day date, slot text,
    code text CONSTRAINT lesson_code_unique UNIQUE,
    seats int DEFAULT 20 CONSTRAINT lesson_seats_positive CHECK (seats > 0),
    cancelled boolean NOT NULL DEFAULT false);
  CREATE UNIQUE INDEX lesson_once ON lesson (teacher, day, slot) WHERE NOT cancelled`

/** The guard of that table. */
export const lessons = guard('lessons', {
  table: 'lesson',
  key: { teacher: int(), day: date(), slot: text() },
  where: 'NOT cancelled',
  show: ['seats'],
})

/** The lesson of a teacher on a day, first slot. */
export const lesson = (teacher: number, more: Readonly<Record<string, unknown>> = {}) => ({
  teacher,
  day: '2025-10-23',
  slot: '10:20',
  ...more,
})
