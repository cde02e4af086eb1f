import type { Column, Table } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { ChildKey, Edge, Family } from '../family.ts'
import { type Journal, keyOf, matches, numbered, written } from '../journal.ts'
import {
  afterwards,
  colliding,
  hangs,
  journalled,
  moving,
  type Round,
  stays,
} from '../moving/queries.ts'
import { kept, moveColumns, rowColumns } from '../removal/queries.ts'

const childOf = ({ tables }: Family, { child }: Edge): Table => tables[child] as Table

/**
 * Locks the rows of an edge that hang on what goes, in one order: what is journalled of them next
 * is what is deleted or changed.
 */
export const holdHanging = (family: Family, journal: Journal, edge: Edge, round: Round): Sql => {
  const table = childOf(family, edge)
  const { parents } = journalled(family, journal, edge, round)
  const order = table.primaryKey.map(({ quoted }) => `once_c.${quoted}`).join(', ')
  return sql`
    SELECT count(*)::text AS rows FROM (SELECT FROM ${parents} AS once_p
      JOIN ${sql.raw(`${table.quoted} AS once_c ON ${hangs(edge)}`)}
      ORDER BY ${sql.raw(order)} FOR UPDATE OF once_c) AS once_held`
}

/** The losers of a round that a unique key of the child keeps from being removed. */
export const selectColliding = (
  family: Family,
  journal: Journal,
  edge: Edge,
  key: ChildKey,
  round: Round,
): Sql => sql`
  WITH ${colliding(family, edge, key, journalled(family, journal, edge, round))}
  SELECT DISTINCT once_seq::text AS seq FROM once_colliding`

/**
 * Journals the rows of an edge that collide, to be deleted; merged ones with their survivor. The
 * row in the way is locked: where it has just gone, nothing collides, and the next statement sees
 * that.
 */
export const journalColliding = (
  family: Family,
  journal: Journal,
  edge: Edge,
  key: ChildKey,
  round: Round,
): Sql => {
  const table = childOf(family, edge)
  const survivors = table.primaryKey.map(({ type }, place) =>
    edge.collision === 'merge' ? `once_x.once_a${place}` : `NULL::${type}`,
  )
  return sql`
    WITH ${colliding(family, edge, key, journalled(family, journal, edge, round))},
    once_locked AS MATERIALIZED (
      SELECT ${sql.raw(keyOf(table))} FROM ${sql.raw(table.quoted)}
      WHERE (${sql.raw(keyOf(table))}) IN
        (SELECT ${sql.raw(numbered('s', table.primaryKey).join(', '))} FROM once_colliding)
      FOR SHARE),
    once_journalled AS (
      INSERT INTO ${sql.raw(`${journal.rows(edge.child)} (${rowColumns(table)}, ${kept(table)})`)}
      SELECT ${sql.raw(written(table, 'once_c'))}, ${round.batch}::bigint, ${round.round}::int + 1,
        once_x.once_seq, ${sql.raw(survivors.join(', '))}
      FROM once_colliding AS once_x JOIN ${sql.raw(table.quoted)} AS once_c
        ON ${sql.raw(matches('once_c', table.primaryKey, 'once_x', 'p'))}
      JOIN once_locked ON ${sql.raw(matches('once_locked', table.primaryKey, 'once_x', 's'))}
      ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::text AS rows FROM once_journalled`
}

/** The rows journalled by a batch for a row in their way that goes too: that is no way out. */
export const selectLostSurvivors = (
  family: Family,
  journal: Journal,
  edge: Edge,
  { batch }: Round,
): Sql => {
  const table = childOf(family, edge)
  const rows = sql.raw(journal.rows(edge.child))
  return sql`
    SELECT DISTINCT once_a.once_seq::text AS seq FROM ${rows} AS once_a
    JOIN ${rows} AS once_b ON ${sql.raw(matches('once_b', table.primaryKey, 'once_a', 'k'))}
    WHERE once_a.once_batch = ${batch}::bigint AND once_b.once_batch = ${batch}::bigint`
}

const orphaned = (orphansOnly: boolean): Sql =>
  sql.raw(orphansOnly ? 'once_p.once_k0 IS NULL' : 'true')

/** Journals the rows of an edge that are deleted with their parents. */
export const journalHanging = (
  family: Family,
  journal: Journal,
  edge: Edge,
  round: Round,
  orphansOnly: boolean,
): Sql => {
  const table = childOf(family, edge)
  const { parents } = journalled(family, journal, edge, round)
  const nobody = table.primaryKey.map(({ type }) => `NULL::${type}`).join(', ')
  return sql`
    WITH once_found AS MATERIALIZED (
      SELECT ${sql.raw(written(table, 'once_c'))}, once_p.once_seq FROM ${parents} AS once_p
      JOIN ${sql.raw(`${table.quoted} AS once_c ON ${hangs(edge)}`)}
      WHERE ${orphaned(orphansOnly)} FOR UPDATE OF once_c),
    once_journalled AS (
      INSERT INTO ${sql.raw(`${journal.rows(edge.child)} (${rowColumns(table)}, ${kept(table)})`)}
      SELECT ${sql.raw(written(table))}, ${round.batch}::bigint, ${round.round}::int + 1,
        once_seq, ${sql.raw(nobody)}
      FROM once_found ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::text AS rows FROM once_journalled`
}

/** The losers of a round with rows on an edge that refuses them. */
export const selectHanging = (
  family: Family,
  journal: Journal,
  edge: Edge,
  round: Round,
  orphansOnly: boolean,
): Sql => {
  const source = journalled(family, journal, edge, round)
  const table = childOf(family, edge)
  return sql`
    SELECT DISTINCT once_p.once_seq::text AS seq FROM ${source.parents} AS once_p
    JOIN ${sql.raw(`${table.quoted} AS once_c ON ${hangs(edge)}`)}
    WHERE ${orphaned(orphansOnly)} AND ${stays(source, table, 'once_c')}`
}

/** The losers of a batch that leave a row of an edge behind, neither moved nor journalled. */
export const selectLeft = (
  family: Family,
  journal: Journal,
  edge: Edge,
  { batch }: Pick<Round, 'batch'>,
): Sql => {
  const source = journalled(family, journal, edge, { batch, round: 0 })
  return sql`
    SELECT DISTINCT once_p.once_seq::text AS seq
    FROM (SELECT * FROM ${sql.raw(journal.rows(edge.parent))}
      WHERE once_batch = ${batch}::bigint) AS once_p
    JOIN ${sql.raw(`${childOf(family, edge).quoted} AS once_c ON ${hangs(edge)}`)}
    WHERE ${stays(source, childOf(family, edge), 'once_c')}`
}

const assign = ({ columns }: Edge): string =>
  columns.map(({ quoted }, place) => `${quoted} = once_m.once_n${place}`).join(', ')

// Where a primary key has a column of the edge, the row still has the old value in it.
const isMoved = (table: Table, { columns }: Edge): string =>
  table.primaryKey
    .map(({ name, quoted }, place) => {
      const at = columns.findIndex((column) => column.name === name)
      return `once_t.${quoted} = once_m.once_${at < 0 ? `p${place}` : `o${at}`}`
    })
    .join(' AND ')

const move = (table: Table, edge: Edge, journal: Journal, rows: Sql): Sql => sql`
  WITH once_m AS (
    INSERT INTO ${sql.raw(journal.moves(edge.place))}
      (once_batch, once_seq, ${sql.raw(moveColumns(table, edge.columns))})
    ${rows} RETURNING *),
  once_moved AS (UPDATE ${sql.raw(`${table.quoted} AS once_t SET ${assign(edge)}`)} FROM once_m
    WHERE ${sql.raw(isMoved(table, edge))} RETURNING once_m.once_seq)
  SELECT (SELECT count(*) FROM once_m)::text AS journalled,
    (SELECT count(*) FROM once_moved)::text AS rows,
    (SELECT coalesce(json_agg(DISTINCT once_seq::text), '[]')::text FROM once_m
      WHERE once_seq NOT IN (SELECT once_seq FROM once_moved)) AS kept`

/** Sends the rows of an edge to the keepers, journalling each. */
export const repoint = (family: Family, journal: Journal, edge: Edge, round: Round): Sql => {
  const table = childOf(family, edge)
  const columns = [
    ...table.primaryKey.map((column) => afterwards(edge, column)),
    ...edge.columns.map(({ quoted }) => `once_c.${quoted}`),
    ...edge.columns.map((column) => afterwards(edge, column)),
  ]
  const from = moving(family, edge, journalled(family, journal, edge, round))
  return move(
    table,
    edge,
    journal,
    sql`SELECT ${round.batch}::bigint, once_p.once_seq, ${sql.raw(columns.join(', '))} ${from}`,
  )
}

/** Sets the columns of orphans to NULL, as their foreign key says, journalling each. */
export const orphan = (family: Family, journal: Journal, edge: Edge, round: Round): Sql => {
  const table = childOf(family, edge)
  const source = journalled(family, journal, edge, round)
  const becomes = (column: Column) =>
    edge.nulled.some(({ name }) => name === column.name)
      ? `NULL::${column.type}`
      : `once_c.${column.quoted}`
  const columns = [
    ...table.primaryKey.map(({ quoted }) => `once_c.${quoted}`),
    ...edge.columns.map(({ quoted }) => `once_c.${quoted}`),
    ...edge.columns.map(becomes),
  ]
  return move(
    table,
    edge,
    journal,
    sql`SELECT ${round.batch}::bigint, once_p.once_seq, ${sql.raw(columns.join(', '))}
      FROM ${source.parents} AS once_p
      JOIN ${sql.raw(`${table.quoted} AS once_c ON ${hangs(edge)}`)}
      WHERE once_p.once_k0 IS NULL AND ${stays(source, table, 'once_c')}`,
  )
}

/**
 * Tells the plan of losers that a batch is about to change, because they hang on one of its own.
 * One that somebody else has changed since it was planned keeps its old version, and is judged by
 * it.
 */
export const renewVersions = (family: Family, journal: Journal, edge: Edge, round: Round): Sql => {
  const { quoted, primaryKey } = childOf(family, edge)
  const { parents } = journalled(family, journal, edge, round)
  return sql`
    UPDATE ${sql.raw(journal.losers)} AS once_l SET once_version = pg_current_xact_id()::xid
    FROM ${parents} AS once_p JOIN ${sql.raw(`${quoted} AS once_c ON ${hangs(edge)}`)}
    WHERE ${sql.raw(matches('once_c', primaryKey, 'once_l', 'l'))}
      AND once_c.xmin = once_l.once_version`
}
