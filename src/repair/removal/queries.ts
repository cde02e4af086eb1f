import type { Inspection } from '../../guards/inspect.ts'
import { columnOf } from '../../guards/part.ts'
import type { Column, Table } from '../../guards/table.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { inStretch, type Stretch } from '../batch/queries.ts'
import type { Family } from '../family.ts'
import { type Journal, matches, numbered, written } from '../journal.ts'

/** The columns of the keeper in a journal of rows. */
export const kept = ({ primaryKey }: Table): string => numbered('k', primaryKey).join(', ')

/** The columns of a journal of rows, but those of the keeper. */
export const rowColumns = (table: Table): string =>
  `${written(table)}, once_batch, once_round, once_seq`

/** The columns of a journal of moves, but the batch and the loser. */
export const moveColumns = (table: Table, columns: readonly Column[]): string =>
  [...numbered('p', table.primaryKey), ...numbered('o', columns), ...numbered('n', columns)].join(
    ', ',
  )

/** `t.id = j.id AND …`: the row of a table that a journal holds. */
export const isJournalled = ({ primaryKey }: Table): string =>
  primaryKey.map(({ quoted }) => `once_t.${quoted} = once_j.${quoted}`).join(' AND ')

// The planned losers of a stretch, each with its row.
const planned = ({ table }: Inspection, { losers }: Journal, stretch: Stretch): Sql => sql`
  (SELECT * FROM ${sql.raw(losers)} WHERE ${inStretch(stretch)}) AS once_l
  JOIN ${sql.raw(table.quoted)} AS once_t
    ON ${sql.raw(matches('once_t', table.primaryKey, 'once_l', 'l'))}`

const keeperOf = ({ primaryKey }: Table): string =>
  numbered('k', primaryKey)
    .map((name) => `once_l.${name}`)
    .join(', ')

// The places of the locked losers of a stretch, as they were planned where that is sure. In a join
// of so many the planner would think that reading all of the table is less. Of a partitioned table
// a place alone names no row.
const atPlaces = (table: Table, { losers }: Journal, at: Stretch, sure: boolean): Sql => {
  const { partitioned, quoted, primaryKey } = table
  if (partitioned) return sql``
  const looked = `CROSS JOIN LATERAL (SELECT once_t.ctid AS once_now FROM ${quoted} AS once_t
    WHERE ${matches('once_t', primaryKey, 'once_l', 'l')} OFFSET 0) AS once_found`
  return sql`once_t.ctid = ANY (ARRAY(
    SELECT ${sql.raw(sure ? 'once_place' : 'once_now')}
    FROM ${sql.raw(`${losers} AS once_l ${sure ? '' : looked}`)} WHERE ${inStretch(at)})) AND`
}

/**
 * Removes the losers of a stretch on which nothing hangs, each into the journal.
 *
 * @param sure whether all of them lie where they were planned
 */
export const removeLosers = (
  { table }: Inspection,
  journal: Journal,
  batch: number,
  stretch: Stretch,
  sure: boolean,
): Sql => sql`
  WITH once_removed AS (DELETE FROM ${sql.raw(table.quoted)} AS once_t
    USING (SELECT * FROM ${sql.raw(journal.losers)} WHERE ${inStretch(stretch)}) AS once_l
    WHERE ${atPlaces(table, journal, stretch, sure)}
      ${sql.raw(matches('once_t', table.primaryKey, 'once_l', 'l'))}
    RETURNING ${sql.raw(`${written(table, 'once_t')}, once_l.once_seq, ${keeperOf(table)}`)}),
  once_kept AS (INSERT INTO ${sql.raw(`${journal.rows(0)} (${rowColumns(table)}, ${kept(table)})`)}
    SELECT ${sql.raw(written(table))}, ${batch}::bigint, 0, once_seq, ${sql.raw(kept(table))}
    FROM once_removed RETURNING 1)
  SELECT count(*)::text AS rows FROM once_kept`

/** Journals the losers of a stretch, before what hangs on them is looked for. */
export const journalLosers = (
  inspection: Inspection,
  journal: Journal,
  batch: number,
  stretch: Stretch,
): Sql => {
  const { table } = inspection
  return sql`
    INSERT INTO ${sql.raw(`${journal.rows(0)} (${rowColumns(table)}, ${kept(table)})`)}
    SELECT ${sql.raw(written(table, 'once_t'))}, ${batch}::bigint, 0, once_l.once_seq,
      ${sql.raw(keeperOf(table))}
    FROM ${planned(inspection, journal, stretch)}`
}

/** Journals what setting the losers of a stretch changes. */
export const journalSet = (
  inspection: Inspection,
  journal: Journal,
  batch: number,
  stretch: Stretch,
): Sql => {
  const { table, guard } = inspection
  const set = guard.losers === 'delete' ? {} : guard.losers.set
  const columns = Object.keys(set).map((name) => columnOf(guard, table, name))
  const old = [...table.primaryKey, ...columns].map(({ quoted }) => `once_t.${quoted}`)
  const values = columns.map(({ name, type }) => `${quoteLiteral(String(set[name]))}::${type}`)
  return sql`
    INSERT INTO ${sql.raw(journal.moves(0))}
      (once_batch, once_seq, ${sql.raw(moveColumns(table, columns))})
    SELECT ${batch}::bigint, once_l.once_seq, ${sql.raw([...old, ...values].join(', '))}
    FROM ${planned(inspection, journal, stretch)}`
}

/** Sets the losers of a batch as journalled. */
export const setLosers = ({ table, guard }: Inspection, journal: Journal, batch: number): Sql => {
  const names = guard.losers === 'delete' ? [] : Object.keys(guard.losers.set)
  const sets = names.map(
    (name, place) => `${columnOf(guard, table, name).quoted} = once_m.once_n${place}`,
  )
  return sql`
    WITH once_set AS (UPDATE ${sql.raw(`${table.quoted} AS once_t SET ${sets.join(', ')}`)}
      FROM ${sql.raw(journal.moves(0))} AS once_m
      WHERE once_m.once_batch = ${batch}::bigint
        AND ${sql.raw(matches('once_t', table.primaryKey, 'once_m', 'p'))} RETURNING 1)
    SELECT count(*)::text AS rows FROM once_set`
}

/** Deletes what a batch journalled of a table; says how much was journalled, and how much went. */
export const deleteJournalled = (
  { tables }: Family,
  journal: Journal,
  place: number,
  batch: number,
): Sql => {
  const table = tables[place] as Table
  const rows = sql.raw(journal.rows(place))
  return sql`
    WITH once_gone AS (DELETE FROM ${sql.raw(table.quoted)} AS once_t USING ${rows} AS once_j
      WHERE once_j.once_batch = ${batch}::bigint AND ${sql.raw(isJournalled(table))} RETURNING 1)
    SELECT (SELECT count(*) FROM ${rows} WHERE once_batch = ${batch}::bigint)::text AS journalled,
      (SELECT count(*) FROM once_gone)::text AS rows`
}

/** The losers of a batch whose row, or a row that hung on it, was journalled and still stands. */
export const selectVetoed = (
  { tables }: Family,
  journal: Journal,
  place: number,
  batch: number,
): Sql => {
  const table = tables[place] as Table
  return sql`
    SELECT DISTINCT once_j.once_seq::text AS seq FROM ${sql.raw(journal.rows(place))} AS once_j
    JOIN ${sql.raw(table.quoted)} AS once_t ON ${sql.raw(isJournalled(table))}
    WHERE once_j.once_batch = ${batch}::bigint`
}

/** The losers of a stretch, on which nothing hangs, that a trigger kept. */
export const selectKept = (inspection: Inspection, journal: Journal, stretch: Stretch): Sql => sql`
  SELECT once_l.once_seq::text AS seq FROM ${planned(inspection, journal, stretch)}`

/** The losers of a batch that still are as they were before they were set. */
export const selectUnset = ({ table }: Inspection, journal: Journal, batch: number): Sql => sql`
  SELECT once_m.once_seq::text AS seq FROM ${sql.raw(journal.moves(0))} AS once_m
  LEFT JOIN ${sql.raw(table.quoted)} AS once_t
    ON ${sql.raw(matches('once_t', table.primaryKey, 'once_m', 'p'))}
      AND once_t.xmin = pg_current_xact_id()::xid
  WHERE once_m.once_batch = ${batch}::bigint AND once_t.tableoid IS NULL`
