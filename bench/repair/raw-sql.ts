import { KEY, type Site } from './table.ts'

/** A way to find the losers of a table by hand: a query of their id, place and keeper. */
export interface Variant {
  readonly name: string
  readonly losers: (table: string) => string
}

const KEYS = KEY.join(', ')
const KNOWN = KEY.map((name) => `${name} IS NOT NULL`).join(' AND ')

const ranked = (from: string): string => `
  SELECT id, place, keeper FROM (
    SELECT id, place, row_number() OVER same AS rank, first_value(id) OVER same AS keeper
    FROM ${from} WINDOW same AS (PARTITION BY ${KEYS} ORDER BY id)) AS ranked
  WHERE rank > 1`

/** The ways that were thought of; which is the fastest is measured, not assumed. */
export const VARIANTS: readonly Variant[] = [
  {
    name: 'rank, delete by place',
    losers: (table) =>
      ranked(`(SELECT id, ctid AS place, ${KEYS} FROM ${table} WHERE ${KNOWN}) AS known`),
  },
  {
    name: 'group, rank, delete by place',
    losers: (table) =>
      ranked(`(SELECT ${KEYS} FROM ${table} WHERE ${KNOWN} GROUP BY ${KEYS} HAVING count(*) > 1)
        AS repeated JOIN (SELECT id, ctid AS place, ${KEYS} FROM ${table}) AS known
        USING (${KEYS})`),
  },
]

/** The tables that a repair by hand makes. */
export const handmade = ({ table }: Pick<Site, 'table'>) => ({
  losers: `${table}_losers`,
  archive: `${table}_archive`,
  moves: `${table}_moves`,
})

/** Finds the losers into a table, in the order in which they lie. */
export const freeze = ({ table }: Site, { losers }: Variant): readonly string[] => [
  `CREATE TABLE ${handmade({ table }).losers} AS
    SELECT row_number() OVER (ORDER BY place) AS seq, id, place, keeper
    FROM (${losers(table)}) AS found`,
  `ALTER TABLE ${handmade({ table }).losers} ADD PRIMARY KEY (seq)`,
  `ANALYZE ${handmade({ table }).losers}`,
]

/** Makes the archives: a typed shadow of the table, and the old values of moved children. */
export const makeArchives = ({ table }: Site): readonly string[] => [
  `CREATE TABLE ${handmade({ table }).archive} (LIKE ${table})`,
  `CREATE TABLE ${handmade({ table }).moves} (id bigint, old bigint, new bigint)`,
]

/** How many losers there are. */
export const countLosers = ({ table }: Site): string =>
  `SELECT count(*)::int AS losers FROM ${handmade({ table }).losers}`

const STRETCH = 'l.seq BETWEEN $1::bigint AND $2::bigint'

/** Sends the children of a stretch of losers to the keepers, and keeps their old values. */
export const moveChildren = ({ table, child }: Site): string => `
  WITH moved AS (
    UPDATE ${child} AS c SET lesson_id = l.keeper FROM ${handmade({ table }).losers} AS l
    WHERE ${STRETCH} AND c.lesson_id = l.id RETURNING c.id, l.id AS old, l.keeper)
  INSERT INTO ${handmade({ table }).moves} SELECT * FROM moved`

/** Deletes a stretch of losers into the archive; a place that has another row now is left. */
export const deleteLosers = ({ table }: Site): string => `
  WITH gone AS (
    DELETE FROM ${table} AS t USING ${handmade({ table }).losers} AS l
    WHERE ${STRETCH} AND t.ctid = l.place AND t.id = l.id RETURNING t.*)
  INSERT INTO ${handmade({ table }).archive} SELECT * FROM gone`

/** Counts what is left of duplicates, as a careful hand does at the end. */
export const recount = ({ table }: Site): string => `
  SELECT count(*)::int AS groups FROM (
    SELECT FROM ${table} WHERE ${KNOWN} GROUP BY ${KEYS} HAVING count(*) > 1) AS repeated`

/** Puts back what is in the archives. */
export const putBack = ({ table, child }: Site): readonly string[] => [
  `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM ${handmade({ table }).archive}`,
  ...(child
    ? [
        `UPDATE ${child} AS c SET lesson_id = m.old FROM ${handmade({ table }).moves} AS m
          WHERE c.id = m.id AND c.lesson_id = m.new`,
      ]
    : []),
]

/** Drops what was made by hand. */
export const dropHandmade = ({ table }: Site): string =>
  `DROP TABLE IF EXISTS ${Object.values(handmade({ table })).join(', ')}`
