import type { Inspection } from '../guards/inspect.ts'
import type { InspectedPart } from '../guards/part.ts'
import { quoteLiteral } from '../postgres/identifier.ts'
import { type Sql, sql } from '../postgres/sql.ts'

const SHOWN_GROUPS = 10
const SHOWN_LOSERS = 5

const where = ({ guard }: Inspection): string => (guard.where ? `WHERE (${guard.where})` : '')

const keys = (parts: readonly InspectedPart[]): string[] => parts.map((_, index) => `k${index}`)

const keyList = (parts: readonly InspectedPart[]): string =>
  parts.map(({ encoding }, index) => `${encoding.inline} AS k${index}`).join(', ')

const anyNull = (parts: readonly InspectedPart[]): string =>
  keys(parts)
    .map((key) => `${key} IS NULL`)
    .join(' OR ')

const count = (condition: string): string => `count(*) FILTER (WHERE ${condition})::text`

/** Rows that the scan counts in one pass: all, by NULL part, by forbidden value, unfinished. */
export const countRows = (inspection: Inspection): Sql => {
  const { table, parts, guard } = inspection
  const counts = parts.map(({ part, encoding }) => {
    const { inline, literal, loose } = encoding
    const forbidden = part.forbid.map((value) => {
      const form = literal(quoteLiteral(value))
      return `${quoteLiteral(value)}, ${count(`${inline} = ${form}`)}`
    })
    const allowed = part.values.map(quoteLiteral).join(', ')
    return `json_build_object(
      'nulls', ${count(`${inline} IS NULL`)},
      'forbidden', json_build_object(${forbidden.join(', ')}),
      'strange', ${allowed ? count(`${inline}::text NOT IN (${allowed})`) : "'0'"},
      'loose', ${loose ? count(`${inline} IS DISTINCT FROM ${loose}`) : "'0'"})`
  })
  const unfinished = guard.unfinished ? count(guard.unfinished) : "'0'"
  return sql.raw(`SELECT json_build_object('rows', count(*)::text, 'unfinished', ${unfinished},
    'parts', json_build_array(${counts.join(', ')}))::text AS counts
    FROM ${table.quoted} ${where(inspection)}`)
}

/**
 * The duplicate groups: how many and how many rows in excess, with NULLs taken as equal and as
 * distinct, and the largest groups with their rows, the keeper first. Copies were allowed: only
 * rows of the same copy are duplicates of each other.
 */
export const selectGroups = (inspection: Inspection): Sql => {
  const { table, parts, copies, keep, shown } = inspection
  const names = keys(parts)
  const grouping = copies ? [...names, 'copy'].join(', ') : names.join(', ')
  const nullsEqual = parts.some(({ part }) => part.nulls === 'equal')
  const declared = nullsEqual ? 'true' : 'NOT holed'
  const joined = parts.map(({ encoding, column }, index) =>
    nullsEqual && !column?.notNull
      ? `${encoding.inline} IS NOT DISTINCT FROM top.k${index}`
      : `${encoding.inline} = top.k${index}`,
  )
  if (copies) joined.push(`${copies.quoted} IS NOT DISTINCT FROM top.copy`)
  return sql.raw(`
  WITH groups AS MATERIALIZED (
    SELECT ${grouping}, members, (${anyNull(parts)}) AS holed FROM (
      SELECT ${keyList(parts)}${copies ? `, ${copies.quoted} AS copy` : ''}, count(*) AS members
      FROM ${table.quoted} ${where(inspection)}
      GROUP BY ${grouping} HAVING count(*) > 1) AS counted),
  top AS MATERIALIZED (
    SELECT groups.*, row_number() OVER (ORDER BY members DESC, ${grouping}) AS place
    FROM groups WHERE ${declared}
    ORDER BY members DESC, ${grouping} LIMIT ${SHOWN_GROUPS}),
  ranked AS (
    SELECT top.place, top.members, json_build_array(${names.map((k) => `top.${k}`).join(', ')}) AS key,
      json_build_array(${shown.map(({ quoted }) => `${quoted}::text`).join(', ')}) AS shown,
      row_number() OVER (PARTITION BY top.place ORDER BY ${keep.join(', ')}) AS rank
    FROM ${table.quoted} CROSS JOIN top
    WHERE ${joined.join(' AND ')} ${inspection.guard.where ? `AND (${inspection.guard.where})` : ''})
  SELECT json_build_object(
    'groups', ${count(declared)}, 'excess', (coalesce(sum(members - 1) FILTER (WHERE ${declared}), 0))::text,
    'equalGroups', count(*)::text, 'equalExcess', (coalesce(sum(members - 1), 0))::text,
    'distinctGroups', ${count('NOT holed')},
    'distinctExcess', (coalesce(sum(members - 1) FILTER (WHERE NOT holed), 0))::text,
    'largest', (SELECT coalesce(json_agg(json_build_array(members, key, rows) ORDER BY place), '[]') FROM (
      SELECT place, members, (json_agg(key))->0 AS key, json_agg(shown ORDER BY rank) AS rows
      FROM ranked WHERE rank <= ${SHOWN_LOSERS + 1} GROUP BY place, members) AS listed))::text AS groups
  FROM groups`)
}

/** Groups that only harmless differences hide: case, white space, normal form, order of a set. */
export const countHiddenGroups = (inspection: Inspection): Sql => {
  const { table, parts } = inspection
  const names = keys(parts)
  const loose = parts.map(
    ({ encoding }, index) => `${encoding.loose ?? encoding.inline} AS l${index}`,
  )
  const looseNames = parts.map((_, index) => `l${index}`).join(', ')
  return sql.raw(`
  SELECT count(*)::text AS groups, coalesce(sum(forms - 1), 0)::text AS excess FROM (
    SELECT count(*) AS forms FROM (
      SELECT ${keyList(parts)}, ${loose.join(', ')} FROM ${table.quoted} ${where(inspection)}
      GROUP BY ${names.join(', ')}, ${looseNames}) AS forms
    WHERE NOT (${anyNull(parts)})
    GROUP BY ${looseNames} HAVING count(*) > 1) AS hidden`)
}
