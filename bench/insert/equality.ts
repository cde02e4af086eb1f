import type pg from 'pg'
import { apart, requireNone } from '../apart.ts'
import type { AuditedTable } from './raw-sql.ts'
import { KEY } from './table.ts'

const ROW = [...KEY, 'status', 'is_cancelled'].join(', ')

const COUNTS = 'created, replaced, allowed, skipped, collided, invalid, failed'

/** Rows that stand in one table and not in the other, ids and times aside. */
const rowsApart = (ours: AuditedTable, raw: AuditedTable): string =>
  apart(`SELECT ${ROW} FROM ${ours.table}`, `SELECT ${ROW} FROM ${raw.table}`)

const recordedKeys = (event: string): string => `
  SELECT verdict, reason, parts, key::text FROM ${event}, json_array_elements(keys) AS key
  WHERE guard = $1`

/** Keys that one audit records under a verdict and the other does not. */
const keysApart = (ours: AuditedTable, raw: AuditedTable): string =>
  apart(recordedKeys(ours.event), recordedKeys(raw.event))

const lines = (event: string): string => `
  SELECT verdict, reason, json_array_length(keys) AS keys FROM ${event} WHERE guard = $1`

/** Event lines of one audit that have no like in the other: the number of lines counts too. */
const linesApart = (ours: AuditedTable, raw: AuditedTable): string =>
  apart(lines(ours.event), lines(raw.event))

const totals = (run: string): string => `SELECT policy, ${COUNTS} FROM ${run} WHERE guard = $1`

/** Runs of one side that have no like on the other, by their totals. */
const runsApart = (ours: AuditedTable, raw: AuditedTable): string =>
  apart(totals(ours.run), totals(raw.run))

const standingKey = `json_build_array(${KEY.map((name) => `standing.${name}`).join(', ')})`

/** Skipped keys whose recorded id is not that of the row which stands for the key. */
const strayIds = ({ table, event }: AuditedTable): string => `
  SELECT count(*)::int AS differences
  FROM ${event}
    CROSS JOIN ROWS FROM (json_array_elements(keys), json_array_elements(existing))
      AS pair(key, id)
    LEFT JOIN ${table} AS standing ON standing.id = (pair.id->>'id')::uuid
  WHERE guard = $1 AND verdict = 'skipped'
    AND pair.key::text IS DISTINCT FROM ${standingKey}::text`

/**
 * The fairness check: both sides have the same rows in their tables, the same keys under the same
 * verdicts in their audits, in as many lines, the same totals of as many runs, and every skipped
 * key names the row that stands for it.
 *
 * @throws Error that says what differs, and by how much
 */
export async function checkEqual(
  pool: pg.Pool,
  guard: string,
  ours: AuditedTable,
  raw: AuditedTable,
): Promise<void> {
  await requireNone(pool, `${ours.table} and ${raw.table}`, [
    ['rows of the tables', rowsApart(ours, raw), []],
    ['keys per verdict', keysApart(ours, raw), [guard]],
    ['lines of the audit', linesApart(ours, raw), [guard]],
    ['totals of the runs', runsApart(ours, raw), [guard]],
    [`existing ids of ${ours.table}`, strayIds(ours), [guard]],
    [`existing ids of ${raw.table}`, strayIds(raw), [guard]],
  ])
}
