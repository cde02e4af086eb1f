import type { Inspection } from '../../guards/inspect.ts'
import type { Column, Table } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { Edge, Family } from '../family.ts'
import { type Journal, matches, numbered } from '../journal.ts'

/** Rows as text must be the same in every session: for digests and comparisons. */
export const pinSettings = (): Sql =>
  sql.raw(`SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL intervalstyle = 'postgres';
    SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'`)

/** Lets a plan take its time, whatever the role's own limits are, until its transaction ends. */
export const limitPlanning = (): Sql =>
  sql.raw(`SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5s'`)

/** The SQL of the key of a guard, copy included: what a duplicate group shares. */
export const groupedBy = ({ parts, copies }: Inspection): string =>
  [...parts.map(({ encoding }) => encoding.inline), ...(copies ? [copies.quoted] : [])].join(', ')

/** The predicate of the rows that the key binds: `where`, and no NULL where NULLs are distinct. */
export const bound = ({ parts, guard }: Inspection): string => {
  const known = parts.flatMap(({ part, encoding, column }) =>
    part.nulls === 'equal' || column?.notNull ? [] : [`${encoding.inline} IS NOT NULL`],
  )
  return [...(guard.where ? [`(${guard.where})`] : []), ...known].join(' AND ') || 'true'
}

const list = (columns: readonly Column[], letter: string): string =>
  columns.map(({ quoted }, place) => `${quoted} AS once_${letter}${place}`).join(', ')

/**
 * Freezes the losers of a guard: every row of a duplicate group but its first, with its keeper and
 * the versions that were seen of both. In the order in which they lie, so that a batch touches few
 * pages; with their places, which they have until the table is rewritten. What was not seen is of
 * transactions from `once_since` on.
 */
export const freezeLosers = (inspection: Inspection, { losers }: Journal): Sql => {
  const { table, keep } = inspection
  const { primaryKey } = table
  const keepers = primaryKey.map(
    ({ quoted }, place) => `first_value(${quoted}) OVER once_group AS once_k${place}`,
  )
  const names = [...numbered('l', primaryKey), ...numbered('k', primaryKey)].join(', ')
  // All rows are sorted with what is selected of them: nothing more than is needed.
  const [where, within] = table.partitioned ? ['tableoid AS once_table,', 'once_table,'] : ['', '']
  const place = table.partitioned ? 'NULL::tid AS once_place' : 'once_place'
  return sql.raw(`CREATE TABLE ${losers} AS
    SELECT row_number() OVER (ORDER BY ${within} once_place) AS once_seq,
      once_version, once_keeper_version, ${place}, ${names}, NULL::text AS once_skipped,
      (SELECT pg_snapshot_xmin(pg_current_snapshot())) AS once_since
    FROM (SELECT ${where} ctid AS once_place, xmin AS once_version,
        first_value(xmin) OVER once_group AS once_keeper_version,
        ${list(primaryKey, 'l')}, ${keepers.join(', ')},
        row_number() OVER once_group AS once_rank
      FROM ${table.quoted} WHERE ${bound(inspection)}
      WINDOW once_group AS (PARTITION BY ${groupedBy(inspection)} ORDER BY ${keep.join(', ')})
    ) AS once_ranked WHERE once_rank > 1`)
}

/** Indexes the frozen losers, and tells the planner how many they are. */
export const indexLosers = ({ table }: Inspection, { losers }: Journal): Sql =>
  sql.raw(`ALTER TABLE ${losers} ADD PRIMARY KEY (once_seq);
    CREATE UNIQUE INDEX ON ${losers} (${numbered('l', table.primaryKey).join(', ')});
    ANALYZE ${losers}`)

/**
 * How many losers and groups were frozen, and their digest: the sum of hashes, which does not
 * depend on the order in which they are read.
 */
export const countLosers = ({ table }: Inspection, { losers }: Journal): Sql => {
  const keepers = numbered('k', table.primaryKey).join(', ')
  const names = [...numbered('l', table.primaryKey), ...numbered('k', table.primaryKey)].join(', ')
  return sql.raw(`SELECT count(*)::text AS losers,
      (SELECT count(*) FROM (SELECT DISTINCT ${keepers} FROM ${losers}) AS once_k)::text AS groups,
      coalesce(sum(hashtextextended(
        ROW(once_seq, once_version, once_keeper_version, ${names})::text, 0)::numeric), 0)::text
        AS digest
    FROM ${losers}`)
}

const typed = (columns: readonly Column[], letter: string, nullable = false): string[] =>
  columns.map(({ type }, place) => `once_${letter}${place} ${type}${nullable ? '' : ' NOT NULL'}`)

/** Makes the table that takes what is removed from a table: its own columns, with their types. */
export const createRows = (journal: Journal, place: number, table: Table): Sql => {
  const rows = journal.rows(place)
  const { primaryKey } = table
  const keeper = typed(primaryKey, 'k', true).map((column) => `, ADD COLUMN ${column}`)
  const key = primaryKey.map(({ quoted }) => quoted).join(', ')
  return sql.raw(`CREATE TABLE ${rows} (LIKE ${table.quoted});
    ALTER TABLE ${rows} ADD COLUMN once_batch bigint NOT NULL,
      ADD COLUMN once_round integer NOT NULL, ADD COLUMN once_seq bigint NOT NULL
      ${keeper.join('')}, ADD PRIMARY KEY (once_batch, ${key})`)
}

const createMoved = (moves: string, table: Table, columns: readonly Column[]): Sql =>
  sql.raw(`CREATE TABLE ${moves} (once_batch bigint NOT NULL, once_seq bigint NOT NULL,
      ${[
        ...typed(table.primaryKey, 'p'),
        ...typed(columns, 'o', true),
        ...typed(columns, 'n', true),
      ].join(', ')});
    CREATE INDEX ON ${moves} (once_batch)`)

/** Makes the table that takes what is changed in the rows of an edge. */
export const createMoves = (journal: Journal, { tables }: Family, edge: Edge): Sql =>
  createMoved(journal.moves(edge.place), tables[edge.child] as Table, edge.columns)

/** Makes the table that takes what is changed in losers that are set, not deleted. */
export const createSet = (journal: Journal, table: Table, columns: readonly Column[]): Sql =>
  createMoved(journal.moves(0), table, columns)

/** How many rows of an edge hang on losers. */
export const countChildren = (
  { tables }: Family,
  { parent, child, columns, references }: Edge,
  { losers }: Journal,
): Sql => {
  const table = tables[parent] as Table
  const on = columns
    .map(({ quoted }, place) => `once_c.${quoted} = once_t.${references[place]?.quoted}`)
    .join(' AND ')
  return sql.raw(`SELECT count(*)::text AS rows
    FROM ${losers} AS once_l
    JOIN ${table.quoted} AS once_t ON ${matches('once_t', table.primaryKey, 'once_l', 'l')}
    JOIN ${tables[child]?.quoted} AS once_c ON ${on}`)
}

/** How many keepers fulfil the `suspect` predicate, and the primary keys of the first ten. */
export const selectSuspects = ({ table, guard }: Inspection, { losers }: Journal): Sql => {
  const names = table.primaryKey.map(({ name }) => name)
  const key = table.primaryKey.map(({ quoted }) => `${quoted}::text`).join(', ')
  const inKeepers = table.primaryKey.map(({ quoted }) => quoted).join(', ')
  return sql`
    WITH once_found AS (
      SELECT json_object(${names}::text[], ARRAY[${sql.raw(key)}]) AS key
      FROM ${sql.raw(table.quoted)}
      WHERE (${sql.raw(inKeepers)}) IN
          (SELECT ${sql.raw(numbered('k', table.primaryKey).join(', '))} FROM ${sql.raw(losers)})
        AND (${sql.raw(guard.suspect ?? 'false')}))
    SELECT json_build_object('rows', count(*), 'first', coalesce(
      (SELECT json_agg(key) FROM (SELECT key FROM once_found LIMIT 10) AS once_some), '[]'))::text
      AS suspects
    FROM once_found`
}
