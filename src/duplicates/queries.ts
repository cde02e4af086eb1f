import type { Inspection } from '../guards/inspect.ts'
import type { InspectedPart } from '../guards/part.ts'
import { exactJson, exactText } from '../postgres/exact-json.ts'
import { quoteLiteral } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

const SHOWN_GROUPS = 10
const SHOWN_LOSERS = 5
const SHOWN_SIZES = 50

// Columns and tables of ours are called once_…: the guard's own SQL stands beside them.
/** The WHERE of the rows that the key binds; empty where it binds all. */
export const where = ({ guard }: Inspection): string =>
  guard.where ? `WHERE (${guard.where})` : ''

/** The names that `keyList` gives to the parts of a key. */
export const keys = (parts: readonly InspectedPart[]): string[] =>
  parts.map((_, at) => `once_k${at}`)

/** The parts of a key as a SELECT list. */
export const keyList = (parts: readonly InspectedPart[]): string =>
  parts.map(({ encoding }, at) => `${encoding.inline} AS once_k${at}`).join(', ')

/** Whether NULLs of the key are values like any other: one index holds them all in one way. */
export const nullsAreEqual = (parts: readonly InspectedPart[]): boolean =>
  parts.some(({ part }) => part.nulls === 'equal')

// By place: a name in GROUP BY means a column of the table before it means one of ours.
const places = (count: number): string =>
  Array.from({ length: count }, (_, at) => at + 1).join(', ')

const anyNull = (parts: readonly InspectedPart[]): string =>
  keys(parts)
    .map((key) => `${key} IS NULL`)
    .join(' OR ')

const count = (condition: string): string => `count(*) FILTER (WHERE ${condition})`

const countsOf = ({ part, encoding, column }: InspectedPart): string[] => {
  const { inline, literal, varies } = encoding
  const listed = part.values.map(quoteLiteral).join(', ')
  return [
    column?.notNull ? '0' : count(`${inline} IS NULL`),
    varies ? count(varies) : '0',
    listed ? count(`${inline}::text NOT IN (${listed})`) : '0',
    ...part.forbid.map((value) => count(`${inline} = ${literal(quoteLiteral(value))}`)),
  ]
}

/**
 * What the scan counts in one pass over the rows, as one array of numbers: all rows and unfinished
 * ones; then for each part the NULLs, the values that differ from their loose form, those that
 * `oneOf` does not list, and those equal to each forbidden value.
 */
export const countRows = (inspection: Inspection): Sql => {
  const { table, parts, guard } = inspection
  const counts = [
    'count(*)',
    guard.unfinished ? count(guard.unfinished) : '0',
    ...parts.flatMap(countsOf),
  ]
  // An array has no end, while a function takes at most 100 arguments.
  return sql.raw(`SELECT to_json(ARRAY[${counts.join(', ')}]::bigint[])::text AS counts
    FROM ${table.quoted} ${where(inspection)}`)
}

const sum = (condition: string): string =>
  `coalesce(sum(once_members - 1) FILTER (WHERE ${condition}), 0)`

const figures = (condition: string): string =>
  `json_build_object('groups', ${count(condition)}, 'excess', ${sum(condition)})`

/** The conditions that a row of the table has the key of a relation with `keyList`'s names. */
export const sameKey = ({ parts, copies }: Inspection): string[] => {
  const nullsEqual = nullsAreEqual(parts)
  const joined = parts.map(({ encoding, column }, at) =>
    nullsEqual && !column?.notNull
      ? `${encoding.inline} IS NOT DISTINCT FROM once_k${at}`
      : `${encoding.inline} = once_k${at}`,
  )
  return copies ? [...joined, `${copies.quoted} = once_copy`] : joined
}

// The rows of the largest groups, the keeper of each first: of one group there may be millions.
const rankedMembers = (inspection: Inspection): string => {
  const { table, keep, shown, guard } = inspection
  const columns = shown.map(({ quoted }, at) => `${quoted} AS once_s${at}`)
  return `SELECT once_place, ${columns.join(', ')},
      row_number() OVER (PARTITION BY once_place ORDER BY ${keep.join(', ')}) AS once_rank
    FROM ${table.quoted} CROSS JOIN once_top
    WHERE ${sameKey(inspection).join(' AND ')} ${guard.where ? `AND (${guard.where})` : ''}`
}

/**
 * The duplicate groups: how many and how many rows in excess, with NULLs taken as equal, as
 * distinct and as declared; how many groups have how many rows, the sizes that most groups have;
 * and the largest groups with their rows, the keeper first. Copies were allowed: only rows of the
 * same copy are duplicates of each other.
 */
export const selectGroups = (inspection: Inspection): Sql => {
  const { table, parts, copies, shown } = inspection
  const names = [...keys(parts), ...(copies ? ['once_copy'] : [])].join(', ')
  const copy = copies ? `, ${copies.quoted} AS once_copy` : ''
  const declared = nullsAreEqual(parts) ? 'true' : 'NOT once_holed'
  const key = parts.map(({ base }, at) => exactJson(`once_k${at}`, base))
  const row = shown.map(({ base }, at) => exactText(`once_s${at}`, base))
  return sql.raw(`
  WITH once_groups AS MATERIALIZED (
    SELECT once_counted.*, (${anyNull(parts)}) AS once_holed FROM (
      SELECT ${keyList(parts)}${copy}, count(*) AS once_members
      FROM ${table.quoted} ${where(inspection)}
      GROUP BY ${places(parts.length + (copies ? 1 : 0))} HAVING count(*) > 1) AS once_counted),
  once_top AS MATERIALIZED (
    SELECT once_groups.*, row_number() OVER (ORDER BY once_members DESC, ${names}) AS once_place
    FROM once_groups WHERE ${declared} ORDER BY once_members DESC, ${names} LIMIT ${SHOWN_GROUPS}),
  once_rows AS (
    SELECT once_place, json_agg(json_build_array(${row.join(', ')}) ORDER BY once_rank) AS once_rows
    FROM (${rankedMembers(inspection)}) AS once_ranked
    WHERE once_rank <= ${SHOWN_LOSERS + 1} GROUP BY once_place)
  SELECT json_build_object(
    'declared', ${figures(declared)}, 'equal', ${figures('true')},
    'distinct', ${figures('NOT once_holed')},
    'sizes', (SELECT coalesce(json_agg(json_build_object('rows', once_members, 'groups', once_many)
      ORDER BY once_members), '[]') FROM (
        SELECT once_members, count(*) AS once_many FROM once_groups WHERE ${declared}
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${SHOWN_SIZES}) AS once_sizes),
    'largest', (SELECT coalesce(json_agg(
      json_build_array(once_members, json_build_array(${key.join(', ')}), once_rows)
      ORDER BY once_place), '[]') FROM once_top JOIN once_rows USING (once_place)))::text AS groups
  FROM once_groups`)
}

/** How many keys repeat, and how many rows are in excess, as declared; a part of `selectGroups`. */
export const countRepeated = (inspection: Inspection): Sql => {
  const { table, parts, copies } = inspection
  const copy = copies ? `, ${copies.quoted} AS once_copy` : ''
  const bound = nullsAreEqual(parts) ? 'true' : `NOT (${anyNull(parts)})`
  return sql.raw(`SELECT json_build_object('groups', count(*), 'excess', ${sum('true')})::text
    FROM (SELECT count(*) AS once_members
      FROM (SELECT ${keyList(parts)}${copy} FROM ${table.quoted} ${where(inspection)}) AS once_row
      WHERE ${bound} GROUP BY ${[...keys(parts), ...(copies ? ['once_copy'] : [])].join(', ')}
      HAVING count(*) > 1) AS once_groups`)
}

// The rows grouped by what is left of their keys once harmless differences are removed: case, white
// space, normal form, order of a set. Only keys without NULL count.
const looseGroups = (inspection: Inspection, more: string): string => {
  const { table, parts, copies, guard } = inspection
  const loose = [
    ...parts.map(({ encoding }) => encoding.loose ?? encoding.inline),
    ...(copies ? [copies.quoted] : []),
  ].map((each, at) => `${each} AS once_l${at}`)
  const known = parts.map(({ encoding }) => `${encoding.inline} IS NOT NULL`)
  return `SELECT ${loose.join(', ')}, ${more} FROM ${table.quoted}
    WHERE ${known.join(' AND ')} ${guard.where ? `AND (${guard.where})` : ''}
    GROUP BY ${places(loose.length)} HAVING count(*) > 1`
}

/** How many rows are in excess once harmless differences of their keys are removed. */
export const countLooseExcess = (inspection: Inspection): Sql =>
  sql.raw(`SELECT coalesce(sum(once_members - 1), 0)::text AS excess
    FROM (${looseGroups(inspection, 'count(*) AS once_members')}) AS once_loose`)

// Whether a part has several values in a group of rows. The order of jsonb has no min() and max().
const several = ({ encoding, column }: InspectedPart): string =>
  column?.collection === 'jsonb'
    ? `count(DISTINCT ${encoding.inline}) > 1`
    : `min(${encoding.inline}) <> max(${encoding.inline})`

/** How many keys several keys become once their harmless differences are removed. */
export const countLooseKeys = (inspection: Inspection): Sql => {
  const varied = inspection.parts.filter(({ encoding }) => encoding.loose).map(several)
  return sql.raw(`SELECT count(*)::text AS keys
    FROM (${looseGroups(inspection, `${varied.join(' OR ')} AS once_varied`)}) AS once_loose
    WHERE once_varied`)
}
