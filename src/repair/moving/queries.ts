import type { Column, Table } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { ChildKey, Edge, Family } from '../family.ts'
import { type Journal, matches, numbered } from '../journal.ts'

/** Rows that are removed, with their keepers: planned, or journalled by one round of a batch. */
export interface Source {
  /** A relation with `once_seq`, the keeper as `once_k0…` and the columns of the parent. */
  readonly parents: Sql
  /** Rows with the primary keys of rows of the child that go anyway; undefined where none do. */
  readonly going: { readonly rows: Sql; readonly letter: 'l' | undefined } | undefined
}

/** A round of a batch: first its losers go, then what hung on them, then what hung on that. */
export interface Round {
  readonly batch: number
  readonly round: number
}

/** All losers of a plan, as the source of what hangs on them. */
export const planned = ({ tables }: Family, { losers }: Journal, edge: Edge): Source => {
  const table = tables[edge.parent] as Table
  const keeper = numbered('k', table.primaryKey).map((name) => `once_l.${name}`)
  return {
    parents: sql.raw(`(SELECT once_l.once_seq, ${keeper.join(', ')}, once_t.*
      FROM ${losers} AS once_l JOIN ${table.quoted} AS once_t
        ON ${matches('once_t', table.primaryKey, 'once_l', 'l')})`),
    going: edge.child === 0 ? { rows: sql.raw(losers), letter: 'l' } : undefined,
  }
}

// A row that went with an earlier batch may have come again, or another one in its place.
const ofBatch = (rows: string, batch: number): Sql =>
  sql`(SELECT * FROM ${sql.raw(rows)} WHERE once_batch = ${batch}::bigint)`

/** What one round of a batch journalled, as the source of what hangs on it. */
export const journalled = (
  { losing }: Family,
  journal: Journal,
  edge: Edge,
  { batch, round }: Round,
): Source => ({
  parents: sql`(SELECT * FROM ${sql.raw(journal.rows(edge.parent))}
    WHERE once_batch = ${batch}::bigint AND once_round = ${round}::int)`,
  going: losing.includes(edge.child)
    ? { rows: ofBatch(journal.rows(edge.child), batch), letter: undefined }
    : undefined,
})

/** The condition that a row of the child, under an alias, does not go anyway. */
export const stays = ({ going }: Source, { primaryKey }: Table, alias: string): Sql => {
  if (!going) return sql`true`
  const same = going.letter
    ? matches(alias, primaryKey, 'once_g', going.letter)
    : primaryKey.map(({ quoted }) => `${alias}.${quoted} = once_g.${quoted}`).join(' AND ')
  return sql`NOT EXISTS (SELECT FROM ${going.rows} AS once_g WHERE ${sql.raw(same)})`
}

/** `c.fk = p.ref AND …`: the rows of the child that hang on a parent. */
export const hangs = ({ columns, references }: Edge): string =>
  columns
    .map(({ quoted }, place) => `once_c.${quoted} = once_p.${references[place]?.quoted}`)
    .join(' AND ')

const isNamed = (columns: readonly Column[], name: string): number =>
  columns.findIndex((column) => column.name === name)

/** The FROM and WHERE of the rows of an edge that are to go to the keeper (once_c, once_k). */
export const moving = (family: Family, edge: Edge, source: Source): Sql => {
  const parent = family.tables[edge.parent] as Table
  const child = family.tables[edge.child] as Table
  return sql`FROM ${source.parents} AS once_p ${sql.raw(`
    JOIN ${child.quoted} AS once_c ON ${hangs(edge)}
    JOIN ${parent.quoted} AS once_k ON ${matches('once_k', parent.primaryKey, 'once_p', 'k')}
    WHERE once_p.once_k0 IS NOT NULL AND`)} ${stays(source, child, 'once_c')}`
}

/** The value that a column of the child has once its row has gone to the keeper. */
export const afterwards = ({ columns, references }: Edge, column: Column): string => {
  const place = isNamed(columns, column.name)
  return place < 0
    ? `once_c.${column.quoted}`
    : `once_k.${references[place]?.quoted}::${column.type}`
}

const items = ({ items: sqls }: ChildKey): string =>
  sqls.map((item, place) => `(${item}) AS once_u${place}`).join(', ')

const joined = ({ items: sqls, nullsEqual }: ChildKey): string =>
  sqls
    .map((_, place) => {
      const pair = [`once_e.once_u${place}`, `once_i.once_u${place}`] as const
      return pair.join(nullsEqual ? ' IS NOT DISTINCT FROM ' : ' = ')
    })
    .join(' AND ')

/**
 * The rows of an edge that one unique key of the child keeps from going to the keeper, as a CTE
 * `once_colliding`: primary key (once_p0…), loser (once_seq) and the row in its way (once_s0…),
 * which is one of the keeper's, or else the first of those that come: that one's primary key may
 * be another once it has come (once_a0…).
 */
export const colliding = (family: Family, edge: Edge, key: ChildKey, source: Source): Sql => {
  const child = family.tables[edge.child] as Table
  const { primaryKey } = child
  const own = numbered('p', primaryKey)
  const columns = [...child.columns.values()].map(
    (column) => `${afterwards(edge, column)} AS ${column.quoted}`,
  )
  const identity = primaryKey.map(({ quoted }, place) => `once_c.${quoted} AS once_p${place}`)
  const units = key.items.map((_, place) => `once_u${place}`)
  const known = key.nullsEqual ? 'true' : units.map((unit) => `${unit} IS NOT NULL`).join(' AND ')
  const such = key.predicate === undefined ? 'true' : `(${key.predicate})`
  const theirs = primaryKey.map(({ quoted }, place) => `${quoted} AS once_e${place}`).join(', ')
  const survivor = primaryKey.flatMap((_, place) => [
    `coalesce(once_e.once_e${place}, once_i.once_f${place}) AS once_s${place}`,
    `coalesce(once_e.once_e${place}, once_i.once_a${place}) AS once_a${place}`,
  ])
  const first = primaryKey.flatMap(({ quoted }, place) => [
    `first_value(once_p${place}) OVER once_same AS once_f${place}`,
    `first_value(${quoted}) OVER once_same AS once_a${place}`,
  ])
  const arrived = primaryKey.map(({ quoted }) => quoted).join(', ')
  const same = primaryKey
    .map((_, place) => `once_e.once_e${place} = once_m.once_p${place}`)
    .join(' AND ')
  return sql`once_image AS MATERIALIZED (
      SELECT ${sql.raw(`${identity.join(', ')}, once_p.once_seq, ${columns.join(', ')}`)}
      ${moving(family, edge, source)}), ${sql.raw(`
    once_keyed AS MATERIALIZED (
      SELECT * FROM (SELECT ${own.join(', ')}, once_seq, ${arrived}, ${items(key)}
        FROM once_image WHERE ${such}) AS once_all WHERE ${known}),
    once_first AS (
      SELECT *, row_number() OVER once_same AS once_nth, ${first.join(', ')} FROM once_keyed
      WINDOW once_same AS (PARTITION BY ${units.join(', ')} ORDER BY once_seq, ${own.join(', ')})),
    once_standing AS (
      SELECT ${theirs}, ${items(key)} FROM ${child.quoted} AS once_h WHERE ${such} AND`)}
        ${stays(source, child, 'once_h')}), ${sql.raw(`
    once_colliding AS (
      SELECT ${own.map((name) => `once_i.${name}`).join(', ')}, once_i.once_seq,
        ${survivor.join(', ')}
      FROM once_first AS once_i
      LEFT JOIN once_standing AS once_e ON ${joined(key)}
        AND NOT EXISTS (SELECT FROM once_image AS once_m WHERE ${same})
      WHERE once_e.once_e0 IS NOT NULL OR once_i.once_nth > 1)`)}`
}

/** How many rows of an edge a unique key of the child keeps from going to the keeper. */
export const countCollisions = (family: Family, edge: Edge, key: ChildKey, from: Source): Sql =>
  sql`WITH ${colliding(family, edge, key, from)}
    SELECT count(*)::text AS rows FROM once_colliding`

/** The losers of rows that cannot go to the keeper: it has NULL where they would have to point. */
export const selectHeirless = (family: Family, edge: Edge, from: Source): Sql => {
  const unknown = edge.references.map(({ quoted }) => `once_k.${quoted} IS NULL`).join(' OR ')
  return sql`SELECT DISTINCT once_p.once_seq::text AS seq ${moving(family, edge, from)}
    AND (${sql.raw(unknown)})`
}
