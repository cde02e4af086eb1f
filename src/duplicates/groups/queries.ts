import type { Inspection } from '../../guards/inspect.ts'
import { exactJson, exactText } from '../../postgres/exact-json.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { keyList, keys, nullsAreEqual, sameKey, where } from '../queries.ts'

const SHOWN_LOSERS = 20

// Without a cast PostgreSQL reads a value as the part that it stands beside, whatever its type is.
const isSame = (name: Sql, value: string | null): Sql =>
  value === null ? sql`${name} IS NULL` : sql`${name} = ${value}`

// NULLs come last.
const isLater = (name: Sql, value: string | null): Sql =>
  value === null ? sql`false` : sql`(${name} > ${value} OR ${name} IS NULL)`

/** The condition that a key comes after another in the order of its parts, NULLs last. */
const isAfter = (names: readonly string[], after: readonly (string | null)[]): Sql => {
  const ways = names.map((_, at) =>
    sql.join(
      names.slice(0, at + 1).map((name, place) => {
        const value = after[place] ?? null
        return place === at ? isLater(sql.raw(name), value) : isSame(sql.raw(name), value)
      }),
      ' AND ',
    ),
  )
  return sql`(${sql.join(ways, ' OR ')})`
}

// A group may have millions of rows: what they differ in is found without keeping them.
const differing = (count: number): string =>
  Array.from({ length: count }, (_, at) => {
    const text = `once_c${at} COLLATE "C"`
    return `min(${text}) IS DISTINCT FROM max(${text}) OR count(once_c${at}) NOT IN (0, count(*))`
  }).join(', ')

// The rows of the groups of one page, the keeper of each first.
const ranked = (inspection: Inspection): string => {
  const { table, keep, guard } = inspection
  const columns = [...table.columns.values()].map(
    ({ quoted, base }, at) => `${exactText(`${table.quoted}.${quoted}`, base)} AS once_c${at}`,
  )
  return `SELECT once_place, ${columns.join(', ')},
      row_number() OVER (PARTITION BY once_place ORDER BY ${keep.join(', ')}) AS once_rank
    FROM ${table.quoted} CROSS JOIN once_page
    WHERE ${sameKey(inspection).join(' AND ')} ${guard.where ? `AND (${guard.where})` : ''}`
}

// The first groups after a key, in the order of keys, and one more: it says that there is more.
const groupsAfter = (
  inspection: Inspection,
  after: readonly (string | null)[] | undefined,
  limit: number,
): Sql => {
  const { table, parts, copies } = inspection
  const names = [...keys(parts), ...(copies ? ['once_copy'] : [])]
  const list = names.join(', ')
  const copy = copies ? `, ${copies.quoted} AS once_copy` : ''
  const known = nullsAreEqual(parts) ? [] : keys(parts).map((key) => `${key} IS NOT NULL`)
  return sql`SELECT ${sql.raw(list)}, count(*) AS once_members,
      row_number() OVER (ORDER BY ${sql.raw(list)}) AS once_place
    FROM (SELECT ${sql.raw(keyList(parts))}${sql.raw(copy)}
      FROM ${sql.raw(table.quoted)} ${sql.raw(where(inspection))}) AS once_row
    WHERE ${sql.raw(['true', ...known].join(' AND '))}
      AND ${after ? isAfter(names, after) : sql`true`}
    GROUP BY ${sql.raw(list)} HAVING count(*) > 1
    ORDER BY ${sql.raw(list)} LIMIT ${limit + 1}::int`
}

/**
 * The duplicate groups that come after a key, in the order of keys, as JSON: for each how many rows
 * it has, its key, the same as texts to go on after, the keeper and the first losers with all their
 * columns as texts, and for each column whether the rows differ in it.
 *
 * @param after the values of a key, copy included, as texts
 */
export const selectWholeGroups = (
  inspection: Inspection,
  after: readonly (string | null)[] | undefined,
  limit: number,
): Sql => {
  const { table, parts, copies } = inspection
  const count = table.columns.size
  const key = parts.map(({ base }, at) => exactJson(`once_k${at}`, base))
  const texts = parts.map(({ base }, at) => exactText(`once_k${at}`, base))
  if (copies) texts.push('once_copy::text')
  // An array has no end, while a function takes at most 100 arguments.
  const row = Array.from({ length: count }, (_, at) => `once_c${at}`).join(', ')
  return sql`
  WITH once_found AS MATERIALIZED (${groupsAfter(inspection, after, limit)}),
  once_page AS MATERIALIZED (SELECT * FROM once_found WHERE once_place <= ${limit}::int),
  once_whole AS (
    SELECT once_place, ARRAY[${sql.raw(differing(count))}] AS once_differs,
      json_agg(ARRAY[${sql.raw(row)}] ORDER BY once_rank)
        FILTER (WHERE once_rank <= ${SHOWN_LOSERS + 1}::int) AS once_rows
    FROM (${sql.raw(ranked(inspection))}) AS once_ranked GROUP BY once_place)
  SELECT json_build_object('more', (SELECT count(*) > ${limit}::int FROM once_found),
    'groups', (SELECT coalesce(json_agg(json_build_object('members', once_members,
        'key', json_build_array(${sql.raw(key.join(', '))}),
        'cursor', ARRAY[${sql.raw(texts.join(', '))}]::text[],
        'rows', once_rows, 'differs', once_differs) ORDER BY once_place), '[]')
      FROM once_page JOIN once_whole USING (once_place)))::text AS page`
}
