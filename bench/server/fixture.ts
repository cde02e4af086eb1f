import { date, generator, guard, int, type Onceover, sql } from 'onceover'
import type pg from 'pg'

/** A report per student and week. */
export const reports = guard('reports', {
  table: 'reports',
  key: { student: int(), week: date() },
  matrix: { entity: 'student', period: 'week' },
})

/** Expects a report of every student for every week of a range. */
export const reportGenerator = generator(reports, {
  expected: ({ from, to }: { readonly from: string; readonly to: string }) => sql`
    SELECT student, week::date AS week FROM students,
      generate_series(${from}::date, ${to}::date, interval '1 week') AS week`,
  save: async () => undefined,
})

/** How much stands in the tables. */
export interface Sizes {
  readonly claims: number
  readonly events: number
}

/** The weeks of a student, the last of them the newest; so many claims a student has. */
export const WEEKS = 200

/** The first of the weeks. */
export const FIRST_WEEK = '2022-01-03'

/** How many students there are. */
export const studentsOf = ({ claims }: Sizes): number => Math.ceil(claims / WEEKS)

const RUNS = 2000

const runId = (number: string): string => `md5('run ' || ${number})::uuid`

// Every 500th claim has failed and every 5000th was cancelled; their rows are missing.
const FAILED = 500
const CANCELLED = 5000

const hashed = (value: string): string => `int4send(octet_length(${value})) || ${value}`

const createTables = `
  CREATE TABLE students (student int PRIMARY KEY);
  CREATE TABLE reports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    student int NOT NULL,
    week date NOT NULL
  );
  CREATE UNIQUE INDEX reports_of_student ON reports (student, week)`

// Cells of the matrix, newest week last; the order of the table is that of time.
const CELLS = `
  SELECT student, ('${FIRST_WEEK}'::date + 7 * w) AS week, w,
    row_number() OVER () AS n
  FROM generate_series(0, ${WEEKS - 1}) AS w, students`

const insertRows = `
  INSERT INTO reports (student, week)
  SELECT student, week FROM (${CELLS}) AS cells WHERE n % ${FAILED} <> 0`

const insertRuns = `
  INSERT INTO onceover.run (id, guard, policy, reason, actor, created, started_at, updated_at,
    finished_at)
  SELECT ${runId('n')}, 'reports', 'skip', 'weekly reports', 'cron-' || n % 7, 5000, at, at, at
  FROM (SELECT n, now() - (${RUNS} - n) * interval '1 hour' AS at
    FROM generate_series(1, ${RUNS}) AS n) AS moments`

const insertClaims = `
  INSERT INTO onceover.claim (guard, key_hash, key, state, grant_id, fence, attempt, generation,
    origin, replaces, run_id, error, claimed_at, ended_at)
  SELECT 'reports', sha256(${hashed('int8send(student::int8)')} || ${hashed('date_send(week)')}),
    jsonb_build_array(student, week::text),
    CASE WHEN n % ${CANCELLED} = 0 THEN 'cancelled' WHEN n % ${FAILED} = 0 THEN 'failed'
      ELSE 'done' END,
    md5('grant ' || n / 1000)::uuid, 1, 1, 1, 'new', false,
    ${runId(`(1 + n * ${RUNS - 1} / $1::bigint)`)},
    CASE WHEN n % ${FAILED} = 0 THEN 'the provider did not answer' END,
    at, at
  FROM (SELECT *, now() - ($1::bigint - n) * interval '1 second' AS at FROM (${CELLS}) AS cells)
    AS moments`

const VERDICTS = "('{created,created,created,skipped,failed}'::text[])"

const insertEvents = `
  INSERT INTO onceover.event (at, run_id, guard, verdict, reason, actor, parts, keys)
  SELECT now() - ($1::bigint - n) * interval '10 seconds',
    ${runId(`(1 + n * ${RUNS - 1} / $1::bigint)`)},
    'reports', ${VERDICTS}[1 + n % 5], CASE WHEN n % 5 = 3 THEN 'exists' END, 'cron-' || n % 7,
    ARRAY['student', 'week'],
    json_build_array(json_build_array(n % $2::bigint, '2025-10-06'),
      json_build_array(n % $2::bigint + 1, '2025-10-06'))
  FROM generate_series(1, $1::bigint) AS n`

/** Fills the tables of the application and of the ledger, and lets the planner know them. */
export async function fill(pool: pg.Pool, once: Onceover, sizes: Sizes): Promise<void> {
  await once.migrate()
  await pool.query(createTables)
  const students = studentsOf(sizes)
  await pool.query('INSERT INTO students SELECT generate_series(1, $1::int)', [students])
  // A unit through the front door: the guard is known to the ledger, and the hash is compared.
  await once
    .run(reportGenerator, [{ key: { student: 1, week: FIRST_WEEK } }])
    .catch(() => undefined)
  const known = await pool.query<{ hash: string }>(
    "SELECT encode(key_hash, 'hex') AS hash FROM onceover.claim",
  )
  await pool.query('TRUNCATE onceover.claim')
  await pool.query(insertRows)
  await pool.query(insertRuns)
  await pool.query(insertClaims, [students * WEEKS])
  await pool.query(insertEvents, [sizes.events, students])
  await requireHash(pool, known.rows[0]?.hash)
  await pool.query('VACUUM (ANALYZE) reports, onceover.claim, onceover.event, onceover.run')
}

async function requireHash(pool: pg.Pool, hash: string | undefined): Promise<void> {
  const { rowCount } = await pool.query(
    "SELECT FROM onceover.claim WHERE guard = 'reports' AND key_hash = decode($1, 'hex')",
    [hash ?? ''],
  )
  if (rowCount !== 1) throw new Error('The hashes of the fixture are not those of the ledger.')
}
