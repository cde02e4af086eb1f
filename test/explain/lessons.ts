import { date, guard, int, type Onceover, onceover, text } from 'onceover'
import type pg from 'pg'
import { type TestDatabase, testDatabase } from '../support/database.ts'

// A table of lessons, whose key has a part that may be NULL and one with a value forbidden.
const LESSONS = `
  CREATE TABLE lessons (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    teacher int NOT NULL,
    school int,
    day date NOT NULL,
    slot text NOT NULL,
    note text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lessons_key UNIQUE (teacher, school, day, slot)
  )`

/** Its guard. */
export const lessons = guard('lessons', {
  table: 'lessons',
  key: { teacher: int(), school: int(), day: date(), slot: text({ forbid: ['structured'] }) },
  show: ['note'],
})

/** A row of it. */
export const lesson = (slot: string, more: object = {}) => {
  return { teacher: 1, school: 7, day: '2025-09-08', slot, ...more }
}

/** The table on a database of its own. */
export interface LessonsDatabase extends TestDatabase {
  readonly once: Onceover
  close(): Promise<void>
}

/** Opens it, migrated. */
export async function lessonsDatabase(ddl = LESSONS): Promise<LessonsDatabase> {
  const database = await testDatabase()
  await database.pool.query(ddl)
  const once = await onceover({ db: database.pool })
  await once.migrate()
  return {
    ...database,
    once,
    close: async () => {
      await once.close()
      await database.drop()
    },
  }
}

/** Inserts rows as an application does that knows nothing of us, in one statement. */
export async function insertRaw(
  handle: Pick<pg.ClientBase, 'query'>,
  rows: readonly object[],
  table = 'lessons',
): Promise<void> {
  const names = Object.keys(rows[0] ?? {})
  const values = rows.flatMap((row) => Object.values(row))
  const tuples = rows.map(
    (_, row) => `(${names.map((_, at) => `$${row * names.length + at + 1}`).join(', ')})`,
  )
  await handle.query(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES ${tuples.join(', ')}`,
    values,
  )
}

/** What a promise is rejected with. */
export const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('It went through.')
    },
    (error: unknown) => error,
  )

/** Waits until some session waits for a lock of this one. */
export async function untilBlocked(pool: pg.Pool, holder: pg.PoolClient): Promise<void> {
  const { rows } = await holder.query('SELECT pg_backend_pid() AS pid')
  for (;;) {
    const { rowCount } = await pool.query(
      'SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))',
      [rows[0].pid],
    )
    if (rowCount) return
  }
}
