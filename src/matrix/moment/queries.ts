import { exactText } from '../../postgres/exact-json.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { bound } from '../../rows/ranked/queries.ts'
import type { Layout } from '../layout.ts'

// A finite one: infinity is no day.
const newest = ({ inspection, period, periodPart: { base } }: Layout): string => {
  const key = inspection.parts[period]?.encoding.indexed ?? 'NULL'
  const day =
    base === 'timestamptz' ? `(max(${key}) AT TIME ZONE 'UTC')::date` : `max(${key})::date`
  return `(SELECT ${exactText(day, 'date')} FROM ${inspection.table.quoted} AS once_table
    WHERE ${bound(inspection)} AND isfinite(${key}))`
}

/** The database's time and day, both UTC, and the day of the newest row where that is asked for. */
export const selectMoment = (layout: Layout, open: boolean): Sql =>
  sql.raw(`SELECT ${exactText('statement_timestamp()', 'timestamptz')} AS at,
    ${exactText(`(statement_timestamp() AT TIME ZONE 'UTC')::date`, 'date')} AS today,
    ${open ? newest(layout) : 'NULL::text'} AS newest`)
