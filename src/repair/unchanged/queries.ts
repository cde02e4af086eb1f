import type { Inspection } from '../../guards/inspect.ts'
import type { Table } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { among, equal, judged } from '../batch/queries.ts'
import { type Journal, matches, numbered } from '../journal.ts'

// Of a table without partitions a place names a row, and rows by their places are read in order.
const countPlanned = ({ quoted, primaryKey }: Table, losers: string): string => {
  const found = primaryKey.map((column, place) => `${column.quoted} AS once_p${place}`).join(', ')
  const same = equal(
    among('once_t', numbered('p', primaryKey)),
    among('once_l', numbered('l', primaryKey)),
  )
  return `SELECT count(*) FROM (SELECT ${found}, xmin AS once_v, ctid AS once_c FROM ${quoted}
      WHERE ctid = ANY (ARRAY(SELECT once_place FROM ${losers} WHERE once_skipped IS NULL)))
      AS once_t
    JOIN ${losers} AS once_l ON ${same}
      AND once_l.once_place = once_t.once_c AND once_l.once_version = once_t.once_v
    WHERE once_l.once_skipped IS NULL`
}

const countVersions = ({ quoted, primaryKey }: Table, losers: string, of: 'l' | 'k'): string =>
  `SELECT count(*) FROM ${losers} AS once_l
    CROSS JOIN LATERAL (SELECT xmin AS once_v FROM ${quoted} AS once_t
      WHERE ${matches('once_t', primaryKey, 'once_l', of)} OFFSET 0) AS once_t
    WHERE once_l.once_skipped IS NULL
      AND once_t.once_v = once_l.${of === 'l' ? 'once_version' : 'once_keeper_version'}`

/** How many losers, and keepers of losers, are not as they were planned. */
export const countDoubtful = ({ table }: Inspection, { losers }: Journal): Sql =>
  sql.raw(`SELECT (2 * (SELECT count(*) FROM ${losers} WHERE once_skipped IS NULL)
      - (${table.partitioned ? countVersions(table, losers, 'l') : countPlanned(table, losers)})
      - (${countVersions(table, losers, 'k')}))::text AS rows`)

// Rows that the freezing of losers did not see: one of them may come before a keeper.
const unseen = ({ losers }: Journal): Sql =>
  sql.raw(`age(xmin) <= (SELECT age(once_since::xid) FROM ${losers} LIMIT 1)`)

/**
 * Whether a table has rows that the freezing of losers did not see. Transactions are told apart for
 * two thousand million of them.
 */
export const selectUnseen = ({ table }: Inspection, journal: Journal): Sql => sql`
  SELECT EXISTS (SELECT FROM ${sql.raw(table.quoted)} WHERE ${unseen(journal)})
    OR (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint
      - once_since::text::bigint >= 2147483647 FROM ${sql.raw(journal.losers)} LIMIT 1) AS unseen`

/** What of a plan is no longer as it was: for each reason how many losers, and the first. */
export const selectDrift = (inspection: Inspection, journal: Journal): Sql => {
  const { primaryKey } = inspection.table
  const values = numbered('l', primaryKey).map((name) => `${name}::text`)
  const all = { from: 1, to: Number.MAX_SAFE_INTEGER }
  return sql`
    SELECT once_why AS why, count(*)::text AS rows,
      (json_agg(json_object(${primaryKey.map(({ name }) => name)}::text[],
        ARRAY[${sql.raw(values.join(', '))}]) ORDER BY once_seq) ->> 0) AS first
    FROM (${judged(inspection, journal, all, unseen(journal))}) AS once_bad
    GROUP BY once_why ORDER BY once_why`
}
