import type { Inspection } from '../../guards/inspect.ts'
import type { InspectedPart } from '../../guards/part.ts'
import { columnsNamed } from '../../guards/table.ts'
import { exactJson, exactText } from '../../postgres/exact-json.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { nullsAreEqual } from '../queries.ts'

const SHOWN_CLUSTERS = 10
const SHOWN_ROWS = 10

/** A key as the range of a row divides it. */
export interface DividedKey {
  /** The parts that the range does not read: equal in rows whose ranges may not overlap. */
  readonly apart: readonly InspectedPart[]
  /** The parts that it reads. */
  readonly ranged: readonly InspectedPart[]
}

/** Divides a key by which of its columns `overlap` reads. */
export function divideKey({ guard, table, parts }: Inspection): DividedKey {
  const read = new Set(columnsNamed(table, guard.overlap ?? ''))
  const isRanged = ({ columns }: InspectedPart) => columns.some((column) => read.has(column))
  return {
    apart: parts.filter((part) => !isRanged(part)),
    ranged: parts.filter((part) => isRanged(part)),
  }
}

interface Names {
  /** What partitions the rows: the parts apart, and the copy. */
  readonly apart: readonly string[]
  readonly ranged: readonly string[]
}

const namesOf = ({ apart, ranged }: DividedKey, copies: boolean): Names => ({
  apart: [...apart.map((_, at) => `once_a${at}`), ...(copies ? ['once_copy'] : [])],
  ranged: ranged.map((_, at) => `once_r${at}`),
})

const list = (items: readonly string[]): string => items.map((each) => `${each}, `).join('')

const partition = ({ apart }: Names): string =>
  apart.length > 0 ? `PARTITION BY ${apart.join(', ')}` : ''

// The rows whose ranges can overlap: an empty or unknown range meets nothing.
function rangedRows(inspection: Inspection, { apart, ranged }: DividedKey, names: Names): string {
  const { table, guard, copies, parts } = inspection
  const values = [
    ...apart.map(({ encoding }) => encoding.inline),
    ...(copies ? [copies.quoted] : []),
    ...ranged.map(({ encoding }) => encoding.inline),
  ]
  const items = [...names.apart, ...names.ranged].map((name, at) => `${values[at]} AS ${name}`)
  const known = nullsAreEqual(parts) ? [] : names.apart.map((name) => `${name} IS NOT NULL`)
  return `SELECT * FROM (SELECT ${items.join(', ')}, (${guard.overlap}) AS once_range
      FROM ${table.quoted} ${guard.where ? `WHERE (${guard.where})` : ''}) AS once_read
    WHERE ${['NOT isempty(once_range)', ...known].join(' AND ')}`
}

// An array compares as its element does, of whatever type, and puts no end after every end. The
// range begins before the furthest end so far, or at it where both hold that point.
const MEETS = `CASE WHEN lower_inf(once_range) THEN once_reach IS NOT NULL
  ELSE coalesce(once_reach > ARRAY[lower(once_range)], false) OR lower_inc(once_range)
    AND coalesce(once_closed >= ARRAY[lower(once_range)], false) END`

// Rows in the order of their ranges: one that meets nothing before it begins an island.
function islands(names: Names): string {
  const differs = names.ranged.map(
    (name) => `lag(${name}) OVER once_order IS DISTINCT FROM ${name}`,
  )
  return `
  once_swept AS (
    SELECT once_ranged.*, (${differs.join(' OR ')}) AS once_differs,
      max(ARRAY[upper(once_range)]) OVER once_before AS once_reach,
      max(ARRAY[upper(once_range)]) FILTER (WHERE upper_inc(once_range)) OVER once_before
        AS once_closed
    FROM once_ranged WINDOW once_order AS (${partition(names)} ORDER BY once_range),
      once_before AS (once_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
  once_met AS (SELECT *, ${MEETS} AS once_meets FROM once_swept),
  once_islands AS (
    SELECT *, count(*) FILTER (WHERE NOT once_meets)
      OVER (${partition(names)} ORDER BY once_range) AS once_island
    FROM once_met)`
}

// The rows of the largest clusters are read again: with them would stand a sort of whole rows.
function shownRows(inspection: Inspection, { apart, ranged }: DividedKey, names: Names): string {
  const { table, guard, shown, copies, keep } = inspection
  const values = [
    ...apart.map(({ encoding }) => encoding.inline),
    ...(copies ? [copies.quoted] : []),
  ]
  const columns = shown.map(({ quoted }, at) => `${quoted} AS once_s${at}`)
  const key = ranged.map(({ encoding }) => encoding.inline)
  const same = names.apart.map((name, at) => `${values[at]} IS NOT DISTINCT FROM ${name}`)
  return `SELECT once_place, ${list(columns)} (${guard.overlap}) AS once_span_of_row,
      dense_rank() OVER (PARTITION BY once_place ORDER BY ${key.join(', ')}) AS once_key,
      row_number() OVER (PARTITION BY once_place ORDER BY (${guard.overlap}), ${keep.join(', ')})
        AS once_rank
    FROM ${table.quoted} CROSS JOIN once_top
    WHERE ${[...same, `(${guard.overlap}) && once_span`].join(' AND ')}
      ${guard.where ? `AND (${guard.where})` : ''}`
}

// As text in UTC, whatever the zone of the session.
const rangeText = (range: string, base: string): string =>
  base === 'tstzrange'
    ? `tsrange(lower(${range}) AT TIME ZONE 'UTC', upper(${range}) AT TIME ZONE 'UTC',
        CASE WHEN lower_inc(${range}) THEN '[' ELSE '(' END ||
        CASE WHEN upper_inc(${range}) THEN ']' ELSE ')' END)::text`
    : `${range}::text`

/**
 * The clusters of rows whose ranges overlap, of which at least two have different keys: how many,
 * of how many rows, and the largest with their first rows. A cluster is an island on the running
 * maximum of the upper bounds, so that each of its rows overlaps another one of it.
 *
 * @param base name of the type of the range
 */
export function selectOverlaps(inspection: Inspection, divided: DividedKey, base: string): Sql {
  const { shown, copies } = inspection
  const names = namesOf(divided, copies !== undefined)
  const key = divided.apart.map(({ base }, at) => exactJson(`once_a${at}`, base))
  const row = shown.map((column, at) => exactText(`once_s${at}`, column.base))
  const member = [rangeText('once_span_of_row', base), ...row]
  const order = `once_members DESC, ${list(names.apart)} once_span`
  return sql.raw(`
  WITH once_ranged AS (${rangedRows(inspection, divided, names)}), ${islands(names)},
  once_clusters AS MATERIALIZED (
    SELECT ${list(names.apart)} count(*) AS once_members,
      range_merge(range_agg(once_range)) AS once_span
    FROM once_islands GROUP BY ${list(names.apart)} once_island
    HAVING bool_or(once_meets AND once_differs)),
  once_top AS MATERIALIZED (
    SELECT once_clusters.*, row_number() OVER (ORDER BY ${order}) AS once_place
    FROM once_clusters ORDER BY ${order} LIMIT ${SHOWN_CLUSTERS}),
  once_rows AS (
    SELECT once_place, max(once_key) AS once_keys,
      json_agg(json_build_array(${member.join(', ')}) ORDER BY once_rank)
        FILTER (WHERE once_rank <= ${SHOWN_ROWS}) AS once_rows
    FROM (${shownRows(inspection, divided, names)}) AS once_ranked GROUP BY once_place)
  SELECT json_build_object('clusters', count(*), 'rows', coalesce(sum(once_members), 0),
    'largest', (SELECT coalesce(json_agg(json_build_array(once_members, once_keys,
        ${rangeText('once_span', base)}, json_build_array(${key.join(', ')}), once_rows)
      ORDER BY once_place), '[]')
      FROM once_top JOIN once_rows USING (once_place)))::text AS overlaps
  FROM once_clusters`)
}
