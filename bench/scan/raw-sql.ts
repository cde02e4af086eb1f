import { KEY, TABLE } from './table.ts'

/** A way to the figures of a scan: statements that each answer with a part of them, as JSON. */
export interface Variant {
  readonly name: string
  readonly statements: readonly string[]
}

const KEYS = KEY.join(', ')
const HOLED = `(${KEY.map((name) => `${name} IS NULL`).join(' OR ')})`
const SHOWN_GROUPS = 10
const SHOWN_ROWS = 6

const ASCII_SPACE = String.raw` \t\n\r\f\x0B`

const UNICODE_SPACE =
  ASCII_SPACE +
  String.raw`\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A` +
  String.raw`\u2028\u2029\u202F\u205F\u3000\uFEFF`

// ASCII is in every normal form already, and normalize() costs more than the rest of the row.
const NOT_CANONICAL = `time_slot <> CASE WHEN octet_length(time_slot) = length(time_slot)
  THEN lower(btrim(time_slot, E'${ASCII_SPACE}') COLLATE "C")
  ELSE lower(normalize(btrim(time_slot, E'${UNICODE_SPACE}'), NFC)) COLLATE "C" END`

const object = (fields: Readonly<Record<string, string>>): string =>
  `json_build_object(${Object.entries(fields)
    .map(([name, value]) => `'${name}', ${value}`)
    .join(', ')})`

const array = (items: readonly string[]): string => `json_build_array(${items.join(', ')})`

const counted = (condition: string): string => `count(*) FILTER (WHERE ${condition})`

// Rows, NULLs and spellings in one pass of their own, which PostgreSQL runs in parallel.
const countRows = `SELECT ${object({
  rows: 'count(*)',
  nulls: array(KEY.map((name) => counted(`${name} IS NULL`))),
  nonCanonical: counted(NOT_CANONICAL),
})} AS figures FROM ${TABLE}`

const sumIf = (value: string, condition: string): string =>
  `coalesce(sum(${value}) FILTER (WHERE ${condition}), 0)`

const groupFigures = (is: string) => ({
  groups: counted(is),
  excess: sumIf('members - 1', is),
})

const listed = (groups: string): string => `
  (SELECT coalesce(json_agg(${object({ key: array(KEY), rows: 'members', ids: 'ids' })}
    ORDER BY members DESC, ${KEYS}), '[]') FROM ${groups})`

/** A subquery of the groups in `top` with the ids of their first rows. */
const joined = `(
  SELECT members, ${KEYS}, (array_agg(id::text ORDER BY id))[1:${SHOWN_ROWS}] AS ids
  FROM top JOIN ${TABLE} USING (${KEYS}) GROUP BY members, ${KEYS}) AS members_of`

const first = (groups: string): string => `
  SELECT * FROM ${groups} WHERE NOT holed ORDER BY members DESC, ${KEYS} LIMIT ${SHOWN_GROUPS}`

const groupedFigures = (more: Readonly<Record<string, string>>, is = 'true'): string =>
  object({
    ...more,
    equal: object(groupFigures(is)),
    distinct: object(groupFigures(`${is} AND NOT holed`)),
  })

const groupRows = `
  WITH groups AS MATERIALIZED (
    SELECT ${KEYS}, count(*) AS members, ${HOLED} AS holed FROM ${TABLE}
    GROUP BY ${KEYS} HAVING count(*) > 1),
  top AS (${first('groups')})
  SELECT ${groupedFigures({ largest: listed(joined) })} AS figures FROM groups`

// Everything from one pass over the rows: each group carries its counts upwards.
const groupOnce = `
  WITH groups AS (
    SELECT ${KEYS}, count(*) AS members, ${HOLED} AS holed FROM ${TABLE} GROUP BY ${KEYS}),
  summed AS MATERIALIZED (
    SELECT ${groupedFigures(
      {
        rows: 'coalesce(sum(members), 0)',
        nulls: array(KEY.map((name) => sumIf('members', `${name} IS NULL`))),
        nonCanonical: sumIf('members', NOT_CANONICAL),
      },
      'members > 1',
    )}::jsonb AS figures,
      (array_agg(groups ORDER BY members DESC, ${KEYS})
        FILTER (WHERE members > 1 AND NOT holed))[1:${SHOWN_GROUPS}] AS foremost
    FROM groups),
  top AS (SELECT leader.* FROM summed, unnest(foremost)
    AS leader(provider_id int, lesson_date date, time_slot text, members bigint, holed boolean))
  SELECT figures || jsonb_build_object('largest', ${listed(joined)}) AS figures
  FROM summed`

// One sort ranks every row; the duplicates are read off it.
const rankRows = `
  WITH ranked AS (
    SELECT id, ${KEYS}, ${HOLED} AS holed, count(*) OVER same AS members,
      row_number() OVER (same ORDER BY id) AS rank
    FROM ${TABLE} WINDOW same AS (PARTITION BY ${KEYS})),
  repeated AS MATERIALIZED (SELECT * FROM ranked WHERE members > 1),
  groups AS (SELECT ${KEYS}, members, holed FROM repeated WHERE rank = 1),
  top AS (${first('groups')}),
  shown AS (
    SELECT members, ${KEYS}, array_agg(id::text ORDER BY rank) AS ids
    FROM repeated JOIN top USING (${KEYS}, members)
    WHERE rank <= ${SHOWN_ROWS} GROUP BY members, ${KEYS})
  SELECT ${groupedFigures({ largest: listed('shown') })} AS figures FROM groups`

/** The ways that were thought of; which is the fastest is measured, not assumed. */
export const VARIANTS: readonly Variant[] = [
  { name: 'count, then group', statements: [countRows, groupRows] },
  { name: 'group once', statements: [groupOnce] },
  { name: 'count, then rank', statements: [countRows, rankRows] },
]
