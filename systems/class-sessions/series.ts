import type { Handle, Onceover } from 'onceover'
import type { Asker } from './generate.ts'
import { series } from './guards.ts'
import type { SeriesRequest } from './requests.ts'

/** What became of a request for a series. */
export type SeriesOutcome =
  | { readonly outcome: 'created'; readonly series: string; readonly branch: string }
  /** An ACTIVE one stands already in the effective branch. */
  | { readonly outcome: 'duplicate'; readonly existing: string; readonly branch: string }
  /** The student is not known, so there is no branch to be effective. */
  | { readonly outcome: 'unknown-student' }
  /** The database would not take it: another constraint, such as an unknown teacher. */
  | { readonly outcome: 'refused'; readonly constraint: string | null; readonly reason: string }

/** $1: the branch asked for, or NULL; $2: the student. */
const EFFECTIVE_BRANCH =
  'SELECT coalesce($1::uuid, branch_id) AS branch FROM students WHERE id = $2'

/** Gives old series the branch that was meant, so that the guard can see it. */
const SETTLE_BRANCHES = `
  UPDATE class_series SET branch_id = students.branch_id FROM students
  WHERE class_series.branch_id IS NULL AND students.id = class_series.student_id`

/** From then on a writer that leaves the branch out is told, not let past the guard. */
const REQUIRE_BRANCH = 'ALTER TABLE class_series ALTER COLUMN branch_id SET NOT NULL'

/**
 * Creates a series, or names the ACTIVE one that stands already for the same pair, times and set of
 * weekdays in the effective branch: the request's own, else the student's. The database decides,
 * however many ask at once; the effective branch is what is stored.
 */
export async function createSeries(
  once: Onceover,
  db: Handle,
  request: SeriesRequest,
  asker: Asker = {},
): Promise<SeriesOutcome> {
  const branch = await effectiveBranch(db, request)
  if (branch === undefined) return { outcome: 'unknown-student' }
  const result = await once.insertOne(series, { ...request, branch_id: branch }, asker)
  if (result.verdict === 'created') {
    return { outcome: 'created', series: String(result.row?.id), branch }
  }
  if (result.verdict === 'skipped') {
    return { outcome: 'duplicate', existing: String(result.existing?.id), branch }
  }
  return {
    outcome: 'refused',
    constraint: result.constraint ?? null,
    reason: result.reason ?? result.verdict,
  }
}

async function effectiveBranch(
  db: Handle,
  { branch_id, student_id }: SeriesRequest,
): Promise<string | undefined> {
  const { rows } = await db.query(EFFECTIVE_BRANCH, [branch_id ?? null, student_id])
  return rows[0] === undefined ? undefined : String(rows[0].branch)
}

/**
 * Writes the effective branch into series that leave it open and makes the column required. Done
 * before the guard is enforced: an index sees only its own table, never the student's branch.
 * The number of series that were settled.
 */
export async function settleBranches(db: Handle): Promise<number> {
  const { rowCount } = await db.query(SETTLE_BRANCHES)
  await db.query(REQUIRE_BRANCH)
  return rowCount ?? 0
}
