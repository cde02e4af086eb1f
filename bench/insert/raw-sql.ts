import { KEY, WHERE } from './table.ts'

/** The tables that one side writes to. */
export interface AuditedTable {
  readonly table: string
  readonly event: string
  readonly run: string
}

const KEYS = KEY.join(', ')

const PARTS = `ARRAY[${KEY.map((name) => `'${name}'`).join(', ')}]`

const FIELDS =
  'date date, start_time time, end_time time, teacher_id uuid, student_id uuid, status text'

const input = `input AS (SELECT * FROM json_to_recordset($1::json) AS fields(${FIELDS}))`

// In the order of the key, as one writes who has seen two unordered imports deadlock.
const insertFrom = (source: string, table: string): string => `
  INSERT INTO ${table} (${KEYS}, status)
  SELECT ${KEYS}, status FROM ${source} ORDER BY ${KEYS}
  ON CONFLICT (${KEYS}) WHERE ${WHERE} DO NOTHING
  RETURNING id, ${KEYS}`

const audit = ({ event, run }: AuditedTable): string => `
  created AS (
    INSERT INTO ${event} (run_id, guard, verdict, parts, keys)
    SELECT $2::uuid, $3, 'created', ${PARTS}, json_agg(json_build_array(${KEYS}))
    FROM inserted HAVING count(*) > 0),
  skipped AS (
    INSERT INTO ${event} (run_id, guard, verdict, reason, parts, keys, existing)
    SELECT $2::uuid, $3, 'skipped', 'exists', ${PARTS}, json_agg(json_build_array(${KEYS})),
      json_agg(json_build_object('id', id))
    FROM existing HAVING count(*) > 0),
  totals AS (
    INSERT INTO ${run} AS known (id, guard, policy, created, skipped)
    VALUES ($2::uuid, $3, 'skip',
      (SELECT count(*) FROM inserted), (SELECT count(*) FROM existing))
    ON CONFLICT (id) DO UPDATE SET updated_at = clock_timestamp(),
      created = known.created + EXCLUDED.created, skipped = known.skipped + EXCLUDED.skipped)
  SELECT (SELECT count(*) FROM inserted) AS created, (SELECT count(*) FROM existing) AS skipped`

/** Inserts with DO NOTHING, and finds the existing rows by a join of the input with the table. */
export const insertThenJoin = (tables: AuditedTable): string => `
  WITH ${input},
  inserted AS (${insertFrom('input', tables.table)}),
  existing AS (
    SELECT id, ${KEYS} FROM input JOIN ${tables.table} USING (${KEYS}) WHERE ${WHERE}),
  ${audit(tables)}`

/** Looks the existing rows up first, and inserts the rest alone: cheaper where many exist. */
export const joinThenInsert = (tables: AuditedTable): string => `
  WITH ${input},
  met AS MATERIALIZED (
    SELECT input.*, id FROM input LEFT JOIN (SELECT id, ${KEYS} FROM ${tables.table} WHERE ${WHERE})
      AS standing USING (${KEYS})),
  inserted AS (${insertFrom('(SELECT * FROM met WHERE id IS NULL) AS missing', tables.table)}),
  existing AS (SELECT * FROM met WHERE id IS NOT NULL),
  ${audit(tables)}`

/** Tables for the events and the runs of a raw side, with the columns and indexes of Onceover's. */
export const createAudit = ({ event, run }: AuditedTable): string => `
  CREATE TABLE ${event} (LIKE onceover.event INCLUDING ALL);
  CREATE TABLE ${run} (LIKE onceover.run INCLUDING ALL)`
