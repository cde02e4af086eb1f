import type { Column, Table } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { Journal } from '../journal.ts'
import { matches } from '../journal.ts'
import { isJournalled } from '../removal/queries.ts'

/** What limits an undo: others wait for its row locks, and it waits for theirs, not for ever. */
export const limitUndo = (): Sql =>
  sql.raw(`SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0`)

const listed = (columns: readonly Column[], alias = ''): string =>
  columns.map(({ quoted }) => `${alias && `${alias}.`}${quoted}`).join(', ')

// What a table computes it computes again.
const restored = ({ columns }: Table): readonly Column[] =>
  [...columns.values()].filter(({ generated }) => !generated)

/** What a table is called now; no row where it is gone. */
export const selectName = (oid: string): Sql => sql`
  SELECT format('%I.%I', n.nspname, c.relname) AS quoted
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = ${oid}::int8::oid AND c.relkind IN ('r', 'p')`

/** Columns that a journal of rows has, ours left out, with their types. */
export const selectJournalColumns = (rows: string): Sql => sql`
  SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
  FROM pg_attribute a WHERE a.attrelid = to_regclass(${rows}) AND a.attnum > 0
    AND NOT a.attisdropped AND a.attname !~ '^once_(batch|round|seq|k[0-9]+)$'
  ORDER BY a.attnum`

/** The batches of a repair that removed rows, the last first. */
export const selectBatches = (journal: Journal): Sql =>
  sql.raw(`SELECT DISTINCT once_batch::text AS batch, once_batch FROM ${journal.rows(0)}
    ORDER BY once_batch DESC`)

/** What one batch put into a table of the journal; all of it without a batch. */
export const ofBatch = (journalled: string, batch: string | undefined): Sql =>
  batch === undefined
    ? sql.raw(journalled)
    : sql`(SELECT * FROM ${sql.raw(journalled)} WHERE once_batch = ${batch}::bigint)`

/** How many journalled rows have their primary key taken by another row, and the first ten. */
export const selectTaken = (table: Table, rows: Sql): Sql => {
  const values = table.primaryKey.map(({ quoted }) => `once_j.${quoted}::text`).join(', ')
  const names = table.primaryKey.map(({ name }) => name)
  return sql`
    WITH once_taken AS (
      SELECT json_object(${names}::text[], ARRAY[${sql.raw(values)}]) AS key
      FROM ${rows} AS once_j ${sql.raw(`JOIN ${table.quoted} AS once_t ON ${isJournalled(table)}`)})
    SELECT count(*)::text AS rows, (SELECT coalesce(json_agg(key), '[]')::text FROM
      (SELECT key FROM once_taken LIMIT 10) AS once_some) AS first FROM once_taken`
}

/** Puts the journalled rows of a table back, with the values of identity columns too. */
export const restoreRows = (table: Table, rows: Sql): Sql => {
  const columns = listed(restored(table))
  return sql`WITH once_back AS (
      INSERT INTO ${sql.raw(`${table.quoted} (${columns}) OVERRIDING SYSTEM VALUE
      SELECT ${columns}`)} FROM ${rows} AS once_j ORDER BY once_batch, once_seq RETURNING 1)
    SELECT count(*)::text AS rows, (SELECT count(*) FROM ${rows} AS once_j)::text AS journalled
    FROM once_back`
}

/** How many rows that were put back do not have their values: a trigger changed them. */
export const countAltered = (table: Table, rows: Sql): Sql => {
  const columns = restored(table)
  return sql`SELECT count(*)::text AS rows FROM ${rows} AS once_j ${sql.raw(`
    LEFT JOIN ${table.quoted} AS once_t ON ${isJournalled(table)}
    WHERE ROW(${listed(columns, 'once_t')})::text
      IS DISTINCT FROM ROW(${listed(columns, 'once_j')})::text`)}`
}

/**
 * Gives moved rows of a table their old values back, the last moves first, where they still have
 * those that they were given: whoever changed them since is not overruled.
 */
export const restoreMoves = (table: Table, columns: readonly Column[], moves: Sql): Sql => {
  const sets = columns.map(({ quoted }, place) => `${quoted} = once_m.once_o${place}`)
  // As text: json has no equality, and what is compared is what was written.
  const still = columns.map(
    ({ quoted }, place) =>
      `once_t.${quoted}::text IS NOT DISTINCT FROM once_m.once_n${place}::text`,
  )
  const same = [matches('once_t', table.primaryKey, 'once_m', 'p'), ...still].join(' AND ')
  return sql`WITH once_back AS (
      UPDATE ${sql.raw(`${table.quoted} AS once_t SET ${sets.join(', ')}`)} FROM ${moves} AS once_m
      WHERE ${sql.raw(same)} RETURNING 1)
    SELECT (SELECT count(*) FROM once_back)::text AS rows,
      (SELECT count(*) FROM ${moves} AS once_m)::text AS journalled`
}
