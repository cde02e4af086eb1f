import type { Column } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { answered, renamed } from '../answer/queries.ts'
import { conflictAction, wasReplaced } from '../conflict/queries.ts'
import { writtenColumns } from '../input/queries.ts'
import { bound, keyNames } from '../ranked/queries.ts'
import type { Statement } from '../statement.ts'

const isRequired = ({ notNull, default: value, generated, identity }: Column): boolean =>
  notNull && value === 'NULL' && !generated && identity === ''

/**
 * The columns that a replacement may leave out though they take no NULL. PostgreSQL wants the whole
 * row before it looks for the one that stands, so the standing value is proposed, as `once_s0`, ….
 */
export const standingColumns = ({
  inspection,
  input,
  policy,
}: Omit<Statement, 'audit'>): readonly Column[] => {
  if (policy !== 'replace') return []
  const written = new Set(writtenColumns(inspection, input))
  return [...inspection.table.columns.values()].filter(
    (column) => isRequired(column) && (input.partial.has(column) || !written.has(column)),
  )
}

// Each column that is inserted, with its value.
const proposed = (statement: Omit<Statement, 'audit'>): [quoted: string, value: string][] => {
  const { inspection, input } = statement
  const { copies } = inspection
  const standing = standingColumns(statement)
  const written = writtenColumns(inspection, input)
  const values = written.map((column): [string, string] => {
    const { quoted } = column
    const place = standing.indexOf(column)
    if (place < 0) return [quoted, quoted]
    const left = `${input.columns.indexOf(column)} = ANY(once_missing) AND once_met`
    return [quoted, `CASE WHEN ${left} THEN once_s${place} ELSE ${quoted} END`]
  })
  const more = standing.flatMap((column, place): [string, string][] =>
    written.includes(column) ? [] : [[column.quoted, `once_s${place}`]],
  )
  const copy: [string, string][] = copies ? [[copies.quoted, 'coalesce(once_top + 1, 0)']] : []
  return [...values, ...more, ...copy]
}

/**
 * The CTE `inserted`: rows go in by key order, the same for every caller, so that two calls cannot
 * wait for each other.
 */
export const insertedRows = (statement: Omit<Statement, 'audit'>): Sql => {
  const { inspection, input, policy, shown } = statement
  const { table, parts } = inspection
  const columns = proposed(statement)
  const system = writtenColumns(inspection, input).some(({ identity }) => identity === 'a')
  const order = ['once_bound', ...keyNames(inspection), 'once_ord'].join(', ')
  const keys = parts.map(({ encoding }, index) => `${encoding.indexed} AS once_k${index}`)
  return sql.raw(`
  inserted AS (
    INSERT INTO ${table.quoted} AS once_table (${columns.map(([quoted]) => quoted).join(', ')})
    ${system ? 'OVERRIDING SYSTEM VALUE' : ''}
    SELECT ${columns.map(([, value]) => value).join(', ')} FROM met
    WHERE once_fault IS NULL AND once_ord = once_first
      ${policy === 'skip' ? 'AND once_met IS NULL' : ''}
    ORDER BY ${order}
    ${conflictAction(statement)}
    RETURNING ${[...renamed('once_m', answered(inspection, shown)), ...keys].join(', ')},
      true AS once_made, ${bound(inspection)} AS once_bound,
      ${policy === 'replace' ? wasReplaced(inspection) : 'false'} AS once_replaced)`)
}
