import { type Sql, sql } from '../../postgres/sql.ts'

/** A moment as ISO text, in UTC, exact to the microsecond. */
export const isoMoment = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

const DATED = /^\s*\d{4}-\d{2}/

// An interval counts back from the database's clock; what starts with a year is a moment.
const momentOf = (text: string): Sql =>
  DATED.test(text) ? sql`${text}::timestamptz` : sql`statement_timestamp() - ${text}::interval`

/** What a list is sorted by. */
export interface Order {
  /** A moment of the rows, as it is sorted by. */
  readonly moment: string
  /** Another moment, to hold against it. */
  readonly of: (moment: Sql) => Sql
}

/**
 * The order of a list by a column and an id. A whole list is sorted by its time in UTC, for which
 * it has an index of its own: by that of the column a planner would also read a part of the list,
 * through all that is newer than the part.
 */
export const byTime = (column: string, whole: boolean): Order =>
  whole
    ? {
        moment: `(${column} AT TIME ZONE 'UTC')`,
        of: (moment) => sql`((${moment}) AT TIME ZONE 'UTC')`,
      }
    : { moment: column, of: (moment) => moment }

/** The conditions of a span of time; none where it is open. */
export const within = (
  { moment, of }: Order,
  since: string | undefined,
  until: string | undefined,
): readonly Sql[] => [
  ...(since === undefined ? [] : [sql`${sql.raw(moment)} >= ${of(momentOf(since))}`]),
  ...(until === undefined ? [] : [sql`${sql.raw(moment)} < ${of(momentOf(until))}`]),
]

/** The condition that a text has another in it, whatever the case. */
export const contains = (column: string, text: string): Sql =>
  sql`strpos(lower(${sql.raw(column)}), lower(${text}::text)) > 0`

/** Conditions as one; true where there are none. */
export const allOf = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, ' AND ')

/** How a page is looked for. */
export interface PageSearch {
  /**
   * A SELECT in the order of the list, newest first, of at most `look` rows: an index serves it.
   * Its column `once_far` is true of rows that are too far for this page.
   */
  readonly stream: Sql
  /** The name under which `conditions`, `item` and `cursor` know a row of the stream. */
  readonly as: string
  /** What no index serves: held against each row that is looked at. */
  readonly conditions: readonly Sql[]
  /** The JSON of an item. */
  readonly item: Sql
  /** SQL of the values of a cursor, as texts; the moment comes first. */
  readonly cursor: readonly string[]
  /** SQL that a row is sorted by, the reverse of the stream. */
  readonly oldest: string
  readonly newest: string
  /** How many rows are looked at. */
  readonly look: number
  readonly limit: number
}

/**
 * One item more than the limit, each as text beside its cursor; and, where there are fewer, how far
 * was looked: whether there is more to look at, and the cursor of the last row that was.
 *
 * `looked` is read once and no further than is needed: a CTE is evaluated as it is read.
 */
export const selectPage = (search: PageSearch): Sql => {
  const { stream, as, conditions, item, cursor, oldest, newest, look, limit } = search
  const place = `json_build_array(${cursor.join(', ')})`
  const searched = `SELECT json_build_object('more',
      (SELECT count(*) >= ${look} OR bool_or(once_far) FROM looked), 'last', ${place})
    FROM looked AS ${as} WHERE NOT once_far ORDER BY ${oldest} LIMIT 1`
  return sql`
  WITH looked AS MATERIALIZED (${stream}),
  found AS MATERIALIZED (
    SELECT * FROM looked AS ${sql.raw(as)}
    WHERE NOT once_far AND ${allOf(conditions)} LIMIT ${limit + 1})
  SELECT page.*, CASE WHEN (SELECT count(*) FROM found) <= ${limit}
    THEN (${sql.raw(searched)}) END::text AS searched
  FROM (SELECT) AS one LEFT JOIN (
    SELECT ${item}::text AS item, ${sql.raw(place)}::text AS place,
      row_number() OVER (ORDER BY ${sql.raw(newest)}) AS nth
    FROM found AS ${sql.raw(as)}) AS page ON true
  ORDER BY nth`
}
