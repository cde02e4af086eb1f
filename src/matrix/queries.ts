import { exactText } from '../postgres/exact-json.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import { jsonKey } from '../rows/answer/queries.ts'
import { keyNames } from '../rows/ranked/queries.ts'
import { judgedKeys, type Made } from './judged/queries.ts'
import type { Layout } from './layout.ts'
import { MATRIX_STATES } from './state.ts'

const LETTERS = Object.values(MATRIX_STATES).join('')

/** How large a matrix may be. */
export interface Limits {
  readonly periods: number
  readonly cells: number
}

const periodText = ({ daily, periodPart }: Layout, value: string): string =>
  exactText(value, daily ? 'date' : periodPart.base)

// Places are found and not joined: a wrong estimate could make a loop of a join. In the order of
// the periods, and not of their places, so that one sort serves all.
const lines = ({ layout }: Made, { periods, cells }: Limits): string => `
  period AS MATERIALIZED (
    SELECT array_agg(once_in ORDER BY once_in) AS starts, count(*)::int AS periods
    FROM (SELECT DISTINCT once_in FROM judged) AS own),
  size AS MATERIALIZED (
    SELECT periods, (SELECT count(*) FROM (SELECT DISTINCT once_of FROM judged) AS own) AS entities
    FROM period),
  spaced AS (
    SELECT cell.*, once_place - 1 - coalesce(lag(once_place) OVER (
      PARTITION BY once_of ORDER BY once_in), 0) AS once_gap
    FROM (
      SELECT once_of, once_in, min(once_state) AS once_state, count(*) AS once_keys,
        width_bucket(once_in, (SELECT starts FROM period)) AS once_place
      FROM judged
      WHERE (SELECT periods <= ${Math.trunc(periods)}
        AND periods * entities <= ${Math.trunc(cells)} FROM size)
      GROUP BY once_of, once_in) AS cell),
  line AS (
    SELECT ${exactText('once_of', layout.entityBase)} AS entity,
      row_number() OVER (ORDER BY once_of) AS place,
      rpad(string_agg(repeat('.', once_gap) || substr('${LETTERS}', once_state + 1, 1), ''
        ORDER BY once_in), (SELECT periods FROM size), '.') AS states,
      CASE WHEN max(once_keys) > 1 THEN string_agg(once_keys::text, ',' ORDER BY once_in) END
        AS counts
    FROM spaced GROUP BY once_of)`

// Grouped and not joined, for the same reason.
const labelled = (labels: string | undefined): string =>
  labels === undefined
    ? 'SELECT entity, NULL::text AS label, states, counts, place FROM line'
    : `SELECT entity, max(label) AS label, max(states) AS states, max(counts) AS counts,
        max(place) AS place
      FROM (SELECT entity, NULL::text AS label, states, counts, place FROM line
        UNION ALL SELECT id::text, label::text, NULL, NULL, NULL
        FROM (${labels}) AS given(id, label)) AS met
      GROUP BY entity HAVING max(place) IS NOT NULL`

const head = ({ layout }: Made, limits: Limits): string => `
  json_build_object(
    'periods', (SELECT coalesce(json_agg(${periodText(layout, 'once_in')} ORDER BY once_in), '[]')
      FROM period, unnest(starts) AS once_in WHERE periods <= ${Math.trunc(limits.periods)}),
    'sizes', (SELECT json_build_array(periods, entities) FROM size),
    'totals', (SELECT json_agg(json_build_array(
        width_bucket(once_in, (SELECT starts FROM period)) - 1, once_state, keys)) FROM (
      SELECT once_in, once_state, count(*) AS keys FROM judged GROUP BY once_in, once_state)
      AS total))::text`

/** A line of a matrix; the first is its head, whose `states` are JSON. */
export interface MatrixLine {
  readonly entity: string | null
  readonly label: string | null
  readonly states: string
  /** The keys of each cell that has any, in order; null where no cell has two. */
  readonly counts: string | null
}

/** A matrix in one statement that reads only: its head, then one line for each entity. */
export const selectMatrix = (made: Made, limits: Limits): Sql => {
  const labels = made.layout.inspection.guard.matrix?.labels
  return sql`WITH ${judgedKeys(made)}, ${sql.raw(lines(made, limits))},
  labelled AS (${sql.raw(labelled(labels))})
  SELECT entity, label, states, counts FROM (
    SELECT NULL AS entity, NULL AS label, ${sql.raw(head(made, limits))} AS states, NULL AS counts,
      0 AS place
    UNION ALL SELECT entity, label, states, counts, place FROM labelled) AS shown
  ORDER BY place > 0, label, place`
}

/** Some cells of a matrix: which, and how many keys of them at most. */
export interface Cells {
  /** JSON of `[[entity, period], …]`, by their texts. */
  readonly cells: string
  /** Places of the states that keys must have; undefined for all. */
  readonly states?: readonly number[] | undefined
  readonly limit: number
}

/** The keys of some cells, in their order, each as JSON with the place of its state. */
export const selectCells = (made: Made, { cells, states, limit }: Cells): Sql => {
  const { layout } = made
  const own = `jsonb_build_array(${exactText('once_of', layout.entityBase)},
    ${periodText(layout, 'once_in')})`
  const places = states?.map(Math.trunc).join(', ')
  const wanted = places === undefined ? '' : `AND once_state IN (${places || 'NULL'})`
  return sql`WITH ${judgedKeys(made)}
  SELECT ${sql.raw(jsonKey(layout.inspection))}::text AS key, once_state::int AS state
  FROM judged WHERE (${sql.raw(own)} IN (
    SELECT DISTINCT cell FROM jsonb_array_elements(${cells}::text::jsonb) AS cell)) IS TRUE
    ${sql.raw(wanted)}
  ORDER BY ${sql.raw(keyNames(layout.inspection).join(', '))} LIMIT ${Math.trunc(limit)}`
}

/** Has PostgreSQL check that labels are a query of two columns; reads no row. */
export const explainLabels = (labels: string): Sql =>
  sql.raw(`EXPLAIN (FORMAT JSON) SELECT id::text, label::text FROM (${labels}) AS given(id, label)`)
