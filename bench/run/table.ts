import { date, guard, uuid } from 'onceover'
import type pg from 'pg'
import { type Random, uuidFrom, whole } from '../random.ts'

/** The columns of the key, in the order of the unique index. */
export const KEY = ['student_id', 'week'] as const

/** A unit: one student's report of one week. */
export interface ReportUnit {
  readonly key: { readonly student_id: string; readonly week: string }
}

/** The guard of one of the equal tables. */
export const reportGuard = (name: string, table: string) =>
  guard(name, { table, key: { student_id: uuid(), week: date() } })

/** The guard with the types of its key. */
export type ReportGuard = ReturnType<typeof reportGuard>

const WEEK_MS = 604_800_000
const FIRST_WEEK = Date.UTC(2025, 0, 6)
const WEEKS = 52

/** Makes units over a year; no two have the same student, so every key is new. */
export const unitMaker =
  (random: Random) =>
  (count: number): ReportUnit[] =>
    Array.from({ length: count }, () => {
      const week = new Date(FIRST_WEEK + whole(random, WEEKS) * WEEK_MS).toISOString().slice(0, 10)
      return { key: { student_id: uuidFrom(random), week } }
    })

// Vacuum runs before the batches on every side, not whenever it likes on one of them.
const createTable = (table: string): string => `
  CREATE TABLE ${table} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    student_id uuid NOT NULL,
    week date NOT NULL,
    narrative text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  ) WITH (autovacuum_enabled = false);
  CREATE UNIQUE INDEX ON ${table} (${KEY.join(', ')})`

/** Makes the table of one side anew, with its unique index. */
export async function makeTable(pool: pg.Pool, table: string): Promise<void> {
  await pool.query(`DROP TABLE IF EXISTS ${table}`)
  await pool.query(createTable(table))
}

/** Inserts the row of one unit. */
export const insertRow = (table: string): string => `
  INSERT INTO ${table} (student_id, week, narrative) VALUES ($1, $2, 'A good week.')`

/** Inserts the rows of many units. */
export const insertRows = (table: string): string => `
  INSERT INTO ${table} (student_id, week, narrative)
  SELECT student_id, week, 'A good week.'
  FROM unnest($1::uuid[], $2::date[]) AS given(student_id, week)`

/** The keys of units, a column each, as parameters of a statement. */
export const columnsOf = (
  units: readonly ReportUnit[],
): [student_ids: string[], weeks: string[]] => [
  units.map(({ key }) => key.student_id),
  units.map(({ key }) => key.week),
]
