import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { exactText } from '../../postgres/exact-json.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { keyList, keys, nullsAreEqual, where } from '../queries.ts'

const PADDING = 8
const SHOWN_BUCKETS = 200
const ASKED_SOURCES = 20

/** A period in which something may come again, and the slots that its length is divided into. */
export interface Cycle {
  readonly every: 'hour' | 'day' | 'week'
  /** Slots in a period. */
  readonly slots: number
  readonly slotMinutes: number
  /** After this long without an excess row what comes next is another series of runs. */
  readonly pause: string
}

/** The cycles that are looked for, the shortest first. */
export const CYCLES: readonly Cycle[] = [
  { every: 'hour', slots: 60, slotMinutes: 1, pause: '24 hours' },
  { every: 'day', slots: 1440, slotMinutes: 1, pause: '7 days' },
  { every: 'week', slots: 1008, slotMinutes: 10, pause: '35 days' },
]

/** A point in time of a row as a timestamp in UTC; one without a zone is taken to be in UTC. */
const utc = ({ quoted, base }: Column): string =>
  base === 'timestamptz' ? `(${quoted} AT TIME ZONE 'UTC')` : quoted

// The rows of a key in the order in which they were made: all but the first are in excess.
function excessRows(inspection: Inspection, time: Column, sources: readonly Column[]): string {
  const { table, parts, copies } = inspection
  const copy = copies ? `, ${copies.quoted} AS once_copy` : ''
  const names = [...keys(parts), ...(copies ? ['once_copy'] : [])].join(', ')
  const columns = sources.map(({ quoted }, at) => `, ${quoted} AS once_c${at}`).join('')
  const known = nullsAreEqual(parts) ? [] : keys(parts).map((key) => `${key} IS NOT NULL`)
  const ties = table.primaryKey.map(({ quoted }, at) => `${quoted} AS once_o${at}`).join(', ')
  const places = table.primaryKey.map((_, at) => `once_o${at}`).join(', ')
  return `SELECT * FROM (
    SELECT once_read.*, dense_rank() OVER (ORDER BY ${names}) AS once_group,
      row_number() OVER (PARTITION BY ${names} ORDER BY once_at NULLS FIRST, ${places}) AS once_rank
    FROM (SELECT ${keyList(parts)}${copy}${columns}, ${utc(time)} AS once_at, ${ties}
      FROM ${table.quoted} ${where(inspection)}) AS once_read
    WHERE ${['true', ...known].join(' AND ')}) AS once_placed
  WHERE once_rank > 1 AND isfinite(once_at)`
}

// The finest unit in which what happened fits the chart.
const SPAN = `SELECT *, CASE once_unit WHEN 'month' THEN interval '1 month'
    ELSE ('1 ' || once_unit)::interval END AS once_step
  FROM (SELECT min(once_at) AS once_first, max(once_at) AS once_last, count(*) AS once_many,
      CASE WHEN max(once_at) - min(once_at) <= interval '3 hours' THEN 'minute'
        WHEN max(once_at) - min(once_at) <= interval '7 days' THEN 'hour'
        WHEN max(once_at) - min(once_at) <= interval '180 days' THEN 'day'
        WHEN max(once_at) - min(once_at) <= interval '1260 days' THEN 'week'
        ELSE 'month' END AS once_unit
    FROM once_excess) AS once_measured`

const buckets = (inspection: Inspection, time: Column): string => `
  once_frame AS (SELECT once_unit, once_step,
      date_trunc(once_unit, once_first) - ${PADDING} * once_step AS once_from,
      date_trunc(once_unit, once_last) + ${PADDING} * once_step AS once_to FROM once_span),
  once_all AS (SELECT date_trunc(once_unit, ${utc(time)}) AS once_bucket, count(*) AS once_rows
    FROM ${inspection.table.quoted} CROSS JOIN once_frame
    WHERE ${utc(time)} >= once_from AND ${utc(time)} < once_to + once_step
      ${inspection.guard.where ? `AND (${inspection.guard.where})` : ''} GROUP BY 1),
  once_some AS (SELECT date_trunc(once_unit, once_at) AS once_bucket, count(*) AS once_excess_rows
    FROM once_excess CROSS JOIN once_span GROUP BY 1),
  once_buckets AS (SELECT once_bucket, coalesce(once_rows, 0) AS once_rows,
      coalesce(once_excess_rows, 0) AS once_excess_rows
    FROM once_frame CROSS JOIN generate_series(once_from, once_to, once_step) AS once_bucket
      LEFT JOIN once_all USING (once_bucket) LEFT JOIN once_some USING (once_bucket)
    ORDER BY once_bucket DESC LIMIT ${SHOWN_BUCKETS})`

// Periods begin half a cycle away from where most rows are, so that none cuts a run in two.
const cycleRows = ({ every, slots, slotMinutes, pause }: Cycle): string => {
  const slot = (at: string) =>
    `floor(extract(epoch FROM ${at} - date_trunc('${every}', ${at})) / ${slotMinutes * 60})::int`
  const name = (what: string) => `once_${every}_${what}`
  return `
  ${name('shift')} AS (SELECT mod(coalesce(mode() WITHIN GROUP (ORDER BY ${slot('once_at')}), 0)
      + ${slots / 2}, ${slots}) AS once_shift FROM once_excess),
  ${name('moved')} AS (SELECT once_at,
      once_at - once_shift * interval '${slotMinutes} minutes' AS once_moved
    FROM once_excess CROSS JOIN ${name('shift')}),
  ${name('ticks')} AS (SELECT date_trunc('${every}', once_moved) AS once_period,
      ${slot('once_moved')} AS once_slot, count(*) AS once_many,
      min(once_at) AS once_since, max(once_at) AS once_until
    FROM ${name('moved')} GROUP BY 1, 2),
  ${name('periods')} AS (SELECT once_period, min(once_slot) AS once_start,
      sum(once_many) AS once_many, min(once_since) AS once_since, max(once_until) AS once_until,
      once_period - lag(once_period) OVER (ORDER BY once_period) AS once_gap
    FROM ${name('ticks')} GROUP BY 1),
  ${name('series')} AS (SELECT *, count(*) FILTER (WHERE once_gap > interval '${pause}')
      OVER (ORDER BY once_period) AS once_series FROM ${name('periods')}),
  ${name('best')} AS (SELECT once_series, sum(once_many) AS once_many, count(*) AS once_periods,
      count(*) FILTER (WHERE once_gap = interval '1 ${every}') AS once_follows,
      round(extract(epoch FROM max(once_period) - min(once_period))
        / extract(epoch FROM interval '1 ${every}')) + 1 AS once_stretch,
      min(once_since) AS once_since, max(once_until) AS once_until
    FROM ${name('series')} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1)`
}

const cycleJson = ({ every }: Cycle): string => {
  const name = (what: string) => `once_${every}_${what}`
  const ofBest = `${name('series')} JOIN ${name('best')} USING (once_series)`
  return `'${every}', (SELECT json_build_object('shift', once_shift, 'rows', once_many,
    'periods', once_periods, 'follows', once_follows, 'stretch', once_stretch,
    'since', to_json(once_since) #>> '{}', 'until', to_json(once_until) #>> '{}',
    'starts', (SELECT json_agg(json_build_array(once_start, once_times) ORDER BY once_start)
      FROM (SELECT once_start, count(*) AS once_times FROM ${ofBest} GROUP BY 1) AS once_starts),
    'slots', (SELECT json_agg(json_build_array(once_slot, once_times) ORDER BY once_slot)
      FROM (SELECT t.once_slot, sum(t.once_many) AS once_times FROM ${name('ticks')} AS t
        JOIN (SELECT once_period FROM ${ofBest}) AS p USING (once_period) GROUP BY 1) AS once_t))
    FROM ${name('best')} CROSS JOIN ${name('shift')})`
}

// Only the values with most excess rows are counted in the table: a column may have millions.
const sourceRows = ({ table, guard }: Inspection, source: Column, at: number): string => `
  once_top${at} AS MATERIALIZED (SELECT once_c${at} AS once_value, count(*) AS once_many,
      count(DISTINCT once_group) AS once_groups
    FROM once_excess WHERE once_c${at} IS NOT NULL
    GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT ${ASKED_SOURCES}),
  once_source${at} AS (SELECT ${at} AS once_column,
      ${exactText('once_value', source.base)} AS once_text, once_many, once_groups, once_rows
    FROM once_top${at} JOIN (SELECT ${source.quoted} AS once_value, count(*) AS once_rows
      FROM ${table.quoted} WHERE ${source.quoted} IN (SELECT once_value FROM once_top${at})
        ${guard.where ? `AND (${guard.where})` : ''} GROUP BY 1) AS once_whole USING (once_value))`

/**
 * When the excess rows were made, in one statement: how many there are between which times, buckets
 * of all rows and of excess ones around them, the periods of each cycle with the slots in which
 * excess rows were made, and which values of the source columns they have. PostgreSQL aggregates:
 * the answer is bounded whatever the table holds.
 */
export function selectGrowth(
  inspection: Inspection,
  time: Column,
  sources: readonly Column[],
): Sql {
  const found = sources.map((_, at) => `SELECT * FROM once_source${at}`)
  const none = `SELECT NULL::int AS once_column, NULL AS once_text, 0::bigint AS once_many,
    0::bigint AS once_groups, 0::bigint AS once_rows WHERE false`
  return sql.raw(`
  WITH once_excess AS MATERIALIZED (${excessRows(inspection, time, sources)}),
  once_span AS MATERIALIZED (${SPAN}), ${buckets(inspection, time)},
  ${CYCLES.map(cycleRows).join(',')},
  ${sources.map((source, at) => `${sourceRows(inspection, source, at)},`).join('')}
  once_sources AS (${[none, ...found].join(' UNION ALL ')})
  SELECT json_build_object('excess', once_many, 'unit', once_unit,
    'first', to_json(once_first) #>> '{}', 'last', to_json(once_last) #>> '{}',
    'buckets', (SELECT json_agg(json_build_array(to_json(once_bucket) #>> '{}', once_rows,
      once_excess_rows) ORDER BY once_bucket) FROM once_buckets),
    'cycles', json_build_object(${CYCLES.map(cycleJson).join(', ')}),
    'sources', (SELECT coalesce(json_agg(json_build_array(once_column, once_text, once_many,
      once_groups, once_rows) ORDER BY once_many DESC, once_column, once_text), '[]')
      FROM once_sources))::text AS growth
  FROM once_span`)
}
