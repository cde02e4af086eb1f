import type { Inspection } from '../../guards/inspect.ts'
import type { Column, Table } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import type { Family } from '../family.ts'
import { bound, groupedBy } from '../freeze/queries.ts'
import { type Journal, keyOf, numbered } from '../journal.ts'

/** The losers from one number to another, both included. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/**
 * What limits one batch, until its transaction ends, and a lock that keeps foreign keys from being
 * added to its tables meanwhile; writers go on. In one message: a batch is short, and each message
 * is a part of it.
 */
export const beginBatch = ({ tables }: Family): Sql =>
  sql.raw(`SET LOCAL lock_timeout = '300ms'; SET LOCAL statement_timeout = 0;
    LOCK TABLE ${tables.map(({ quoted }) => quoted).join(', ')} IN ROW EXCLUSIVE MODE`)

/**
 * A number that changes where a foreign key to the tables of a family or to partitions of them
 * comes or goes, a column of them, or security that hides their rows: a journal would not hold what
 * the first points to, what the second has, or what the third hides.
 */
export const fingerprint = ({ tables }: Family): Sql => {
  const oids = tables.map(({ oid }) => oid)
  return sql`
  SELECT ((SELECT coalesce(sum(hashtextextended(oid::text, 0) >> 32), 0) FROM pg_constraint
      WHERE contype = 'f' AND conparentid = 0 AND (confrelid = ANY (${oids}::int8[]::oid[])
        OR confrelid IN (SELECT relid FROM unnest(${oids}::int8[]::oid[]) AS own(oid)
          CROSS JOIN LATERAL pg_partition_tree(own.oid::regclass))))
    + (SELECT sum(hashtextextended(ROW(attrelid::oid, attname, atttypid::oid, atttypmod)::text, 0)
        >> 32)
      FROM pg_attribute WHERE attrelid = ANY (${oids}::int8[]::oid[])
        AND attnum > 0 AND NOT attisdropped)
    + (SELECT count(*) FROM unnest(${oids}::int8[]::oid[]) AS own(oid)
      WHERE row_security_active(own.oid)))::text AS fingerprint`
}

/** What one batch came to, in rows. */
export interface BatchCounts {
  readonly removed: number
  readonly changed: number
  readonly skipped: number
  readonly moved: number
  readonly dropped: number
}

/** Settles a batch of a repair; no row where another apply has settled it meanwhile. */
export const settleBatch = (
  id: string,
  from: number,
  next: number,
  { removed, changed, skipped, moved, dropped }: BatchCounts,
): Sql => sql`
  UPDATE onceover.repair SET next_seq = ${next}::bigint, batches = batches + 1,
    removed = removed + ${removed}::bigint, changed = changed + ${changed}::bigint,
    skipped = skipped + ${skipped}::bigint, moved = moved + ${moved}::bigint,
    dropped = dropped + ${dropped}::bigint
  WHERE id = ${id}::bigint AND next_seq = ${from}::bigint AND state = 'applying'
  RETURNING id`

/** How many bytes the write-ahead log has, and how far the slowest replica is behind it. */
export const selectPace = (): Sql => sql`
  SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text AS wal,
    coalesce((SELECT max(extract(epoch FROM replay_lag)) * 1000 FROM pg_stat_replication), 0)::text
      AS lag_ms`

/** The condition of the losers of a stretch that are not skipped. */
export const inStretch = ({ from, to }: Stretch): Sql =>
  sql`once_seq BETWEEN ${from}::bigint AND ${to}::bigint AND once_skipped IS NULL`

const identities = ({ losers }: Journal, { primaryKey }: Table, stretch: Stretch): Sql => {
  const [own, kept] = ['l', 'k'].map((letter) => sql.raw(numbered(letter, primaryKey).join(', ')))
  const where = sql`FROM ${sql.raw(losers)} WHERE ${inStretch(stretch)}`
  return sql`SELECT ${own ?? sql``} ${where} UNION SELECT ${kept ?? sql``} ${where}`
}

/** What a stretch is found to be once its rows are locked, in rows as text. */
export interface Held {
  /** That of the tables. */
  readonly fingerprint: string
  /** Losers that are not skipped, and those that are. */
  readonly rows: string
  readonly skipped: string
  /** Whether all of them, and their keepers, are what was planned, where it was. */
  readonly sure: boolean
}

/** `a = x AND b = y`. */
export const equal = (left: readonly string[], right: readonly string[]): string =>
  left.map((each, place) => `${each} = ${right[place]}`).join(' AND ')

const identified = (primaryKey: readonly Column[]): string =>
  primaryKey.map(({ quoted }, place) => `${quoted} AS once_p${place}`).join(', ')

/** Columns behind an alias. */
export const among = (alias: string, names: readonly string[]): readonly string[] =>
  names.map((name) => `${alias}.${name}`)

// Each row is looked up by itself: of a join with so many the planner would think that reading all
// of the table is less.
const byKey = ({ primaryKey, quoted }: Table, letters: readonly string[], lock: string): string => {
  const places = numbered('p', primaryKey)
  const keys = primaryKey.map((column) => column.quoted)
  const wanted = letters.map(
    (letter) => `SELECT ${numbered(letter, primaryKey).join(', ')} FROM once_stretch`,
  )
  return `SELECT once_row.* FROM (SELECT * FROM (${wanted.join(' UNION ')})
        AS once_all (${places.join(', ')}) GROUP BY ${places.join(', ')}
        ORDER BY ${places.join(', ')}) AS once_w
      CROSS JOIN LATERAL (SELECT ${identified(primaryKey)}, xmin AS once_v FROM ${quoted}
        WHERE ${equal(keys, among('once_w', places))} FOR ${lock}) AS once_row`
}

const lockFor = ({ edges }: Family): string => (edges.length > 0 ? 'UPDATE' : 'NO KEY UPDATE')

const stretchOf = ({ losers }: Journal, stretch: Stretch): Sql => sql`
  once_stretch AS MATERIALIZED (SELECT * FROM ${sql.raw(losers)} WHERE ${inStretch(stretch)})`

// Rows by their places are read in order. A place in a partition alone names no row.
const byPlace = (table: Table, lock: string): string =>
  table.partitioned
    ? byKey(table, ['l'], lock)
    : `SELECT ${identified(table.primaryKey)}, xmin AS once_v, ctid AS once_c FROM ${table.quoted}
      WHERE ctid = ANY (ARRAY(SELECT once_place FROM once_stretch)) FOR ${lock}`

/**
 * Locks the losers of a stretch where they were planned to lie, and their keepers, and holds the
 * versions against the plan. Where rows hang on them, nobody can make another one hang on a loser
 * from here on. Answers with the fingerprint of the tables, too.
 */
export const holdPlanned = (
  { table }: Inspection,
  family: Family,
  journal: Journal,
  stretch: Stretch,
): Sql => {
  const places = numbered('p', table.primaryKey)
  const same = (alias: string, letter: string) =>
    equal(among(alias, places), among('once_l', numbered(letter, table.primaryKey)))
  return sql`
    WITH ${stretchOf(journal, stretch)}, ${sql.raw(`
    once_own AS MATERIALIZED (${byPlace(table, lockFor(family))}),
    once_kept AS MATERIALIZED (${byKey(table, ['k'], lockFor(family))}),
    once_sure AS (SELECT count(*) AS rows FROM once_stretch AS once_l
      JOIN once_own ON ${same('once_own', 'l')} AND once_own.once_v = once_l.once_version
        ${table.partitioned ? '' : 'AND once_own.once_c = once_l.once_place'}
      JOIN once_kept ON ${same('once_kept', 'k')}
        AND once_kept.once_v = once_l.once_keeper_version)`)}
    SELECT (${fingerprint(family)}) AS fingerprint, once_all.rows::text, once_all.skipped::text,
      once_all.rows = once_sure.rows AS sure
    FROM once_sure, (SELECT count(*) FILTER (WHERE once_skipped IS NULL) AS rows,
        count(once_skipped) AS skipped FROM ${sql.raw(journal.losers)}
      WHERE once_seq BETWEEN ${stretch.from}::bigint AND ${stretch.to}::bigint) AS once_all`
}

/** Locks the losers and keepers of a stretch wherever they lie, in one order. */
export const holdRows = (
  { table }: Inspection,
  family: Family,
  journal: Journal,
  stretch: Stretch,
): Sql => sql`
  WITH ${stretchOf(journal, stretch)}
  SELECT count(*) FROM (${sql.raw(byKey(table, ['l', 'k'], lockFor(family)))}) AS once_held`

/**
 * The losers of a stretch that must not be touched, each with its reason.
 *
 * @param besides which other rows may have come before a keeper
 */
export const judged = (
  inspection: Inspection,
  journal: Journal,
  stretch: Stretch,
  besides?: Sql,
): Sql => {
  const { table, keep } = inspection
  const { primaryKey } = table
  const planned = sql`(${sql.raw(keyOf(table))}) IN (${identities(journal, table, stretch)})`
  // Beside an OR, even one with `false`, PostgreSQL would read all of the table.
  const rows = besides ? sql`(${planned} OR ${besides})` : planned
  const own = primaryKey.map(({ quoted }, place) => `${quoted} AS once_p${place}`)
  const first = primaryKey.map(
    ({ quoted }, place) => `first_value(${quoted}) OVER once_group AS once_f${place}`,
  )
  const same = (left: string, right: string) =>
    primaryKey
      .map((_, at) => `once_now.once_${left}${at} = once_l.once_${right}${at}`)
      .join(' AND ')
  return sql`SELECT * FROM (
      SELECT once_l.*, CASE WHEN once_now.once_p0 IS NULL THEN 'gone'
        WHEN once_now.once_v <> once_l.once_version THEN 'changed'
        WHEN NOT (${sql.raw(same('f', 'k'))}) THEN 'keeper' END AS once_why
      FROM (SELECT * FROM ${sql.raw(journal.losers)} WHERE ${inStretch(stretch)}) AS once_l
      LEFT JOIN (SELECT ${sql.raw([...own, 'xmin AS once_v', ...first].join(', '))}
        FROM ${sql.raw(table.quoted)}
        WHERE ${rows} AND ${sql.raw(bound(inspection))}
        WINDOW once_group AS (${sql.raw(
          `PARTITION BY ${groupedBy(inspection)} ORDER BY ${keep.join(', ')}`,
        )})) AS once_now
      ON ${sql.raw(same('p', 'l'))}) AS once_judged
    WHERE once_why IS NOT NULL`
}

/**
 * Judges the losers of a stretch by their locked rows. One is skipped where it is gone or outside
 * `where`, where it changed since it was planned, or where its keeper is no longer before it.
 * Answers with how many are to be removed or set, and how many are skipped in all.
 */
export const judgeLosers = (inspection: Inspection, journal: Journal, stretch: Stretch): Sql => {
  const losers = sql.raw(journal.losers)
  return sql`
    WITH once_marked AS (UPDATE ${losers} AS once_old SET once_skipped = once_bad.once_why
      FROM (${judged(inspection, journal, stretch)}) AS once_bad
      WHERE once_old.once_seq = once_bad.once_seq
        AND once_old.once_seq BETWEEN ${stretch.from}::bigint AND ${stretch.to}::bigint
      RETURNING 1)
    SELECT (once_all.rows - once_now.marked)::text AS rows,
      (once_all.skipped + once_now.marked)::text AS skipped
    FROM (SELECT count(*) FILTER (WHERE once_skipped IS NULL) AS rows,
        count(*) FILTER (WHERE once_skipped IS NOT NULL) AS skipped FROM ${losers}
      WHERE once_seq BETWEEN ${stretch.from}::bigint AND ${stretch.to}::bigint) AS once_all,
      (SELECT count(*) AS marked FROM once_marked) AS once_now`
}

/** Why losers were skipped, and how many for each reason. */
export const selectSkipped = ({ losers }: Journal): Sql => sql`
  SELECT once_skipped AS why, count(*)::text AS rows FROM ${sql.raw(losers)}
  WHERE once_skipped IS NOT NULL GROUP BY once_skipped ORDER BY count(*) DESC LIMIT 20`

/** Marks losers as skipped, each for its reason. */
export const skipLosers = (
  { losers }: Journal,
  seqs: readonly string[],
  why: readonly string[],
): Sql => sql`
  UPDATE ${sql.raw(losers)} SET once_skipped = given.why
  FROM unnest(${seqs}::bigint[], ${why}::text[]) AS given(seq, why)
  WHERE once_seq = given.seq AND once_skipped IS NULL`
