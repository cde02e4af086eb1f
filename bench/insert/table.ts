import { date, guard, type RowOf, time, uuid } from 'onceover'
import type pg from 'pg'

/** The columns of the key, in the order of the unique index. */
export const KEY = ['date', 'start_time', 'end_time', 'teacher_id', 'student_id'] as const

/** Which sessions the key binds. */
export const WHERE = 'is_cancelled = false AND teacher_id IS NOT NULL AND student_id IS NOT NULL'

/** The guard of one of the equal tables. */
export const sessionGuard = (name: string, table: string) =>
  guard(name, {
    table,
    key: {
      date: date(),
      start_time: time(),
      end_time: time(),
      teacher_id: uuid(),
      student_id: uuid(),
    },
    where: WHERE,
    keep: ['created_at asc', 'id asc'],
    show: ['status'],
  })

/** The guard with the types of its key. */
export type SessionGuard = ReturnType<typeof sessionGuard>

/** A dated 1:1 session, as the application gives it. */
export type SessionRow = RowOf<SessionGuard>

// Vacuum runs between the loads on every side, not whenever it likes on one of them.
const createTable = (table: string): string => `
  CREATE TABLE ${table} (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    date date NOT NULL,
    start_time time NOT NULL,
    end_time time NOT NULL,
    teacher_id uuid,
    student_id uuid,
    status text NOT NULL DEFAULT 'CONFIRMED'
      CHECK (status IN ('CONFIRMED', 'CONFLICTED', 'CANCELLED')),
    is_cancelled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
  ) WITH (autovacuum_enabled = false);
  CREATE UNIQUE INDEX ON ${table} (${KEY.join(', ')}) WHERE ${WHERE}`

/** Makes the table of one side anew, with its partial unique index. */
export async function makeTable(pool: pg.Pool, table: string): Promise<void> {
  await pool.query(`DROP TABLE IF EXISTS ${table}`)
  await pool.query(createTable(table))
}
