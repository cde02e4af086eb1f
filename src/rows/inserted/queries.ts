import { indexKey } from '../../guards/coverage.ts'
import type { Guard } from '../../guards/guard.ts'
import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { answered, places, renamed } from '../answer/queries.ts'
import { writtenColumns } from '../input/queries.ts'
import { bound, equal, keyNames } from '../ranked/queries.ts'
import type { Statement } from '../statement.ts'

// A system column cannot be asked of a partitioned table: there the update leaves a mark instead,
// which the next row's RETURNING compares with the row at hand.
const MARK = quoteLiteral('onceover.replaced')

const identityText = ({ table }: Inspection): string => {
  const columns = table.primaryKey.map(({ quoted }) => `once_table.${quoted}`)
  return `json_build_array(${columns.join(', ')})::text`
}

const wasReplaced = (inspection: Inspection): string =>
  inspection.table.partitioned
    ? `coalesce(current_setting(${MARK}, true), '') = ${identityText(inspection)}`
    : 'xmax <> 0'

const ofExcluded = (expression: string): string =>
  `(SELECT ${expression} FROM (SELECT EXCLUDED.*) AS once_excluded)`

// Which rows left a column out is known of the input only, where a row is found by its key.
const leftOut = ({ parts }: Inspection, place: number): string => {
  const keys = parts.map(({ encoding }) => ofExcluded(encoding.indexed))
  const names = parts.map((_, index) => `once_k${index}`)
  const rows = `FROM met
    WHERE ${place} = ANY(once_missing) AND once_bound AND once_ord = once_first`
  if (parts.every(({ part }) => part.nulls !== 'equal')) {
    return `(${keys.join(', ')}) IN (SELECT ${names.join(', ')} ${rows})`
  }
  const same = names.map((name, index) => `met.${name} IS NOT DISTINCT FROM ${keys[index]}`)
  return `EXISTS (SELECT ${rows} AND ${same.join(' AND ')})`
}

// A column that an update may set to itself: not its identity, which the database may keep.
const touchable = ({ table, parts }: Inspection): Column | undefined =>
  [...parts.flatMap(({ column }) => column ?? []), ...table.columns.values()].find(
    ({ generated, identity }) => !generated && identity !== 'a',
  )

// What a row leaves out stays as it is; its primary key stays whatever it says.
const assignments = ({ inspection, input }: Omit<Statement, 'audit'>): string[] => {
  const { table } = inspection
  const own = new Set(table.primaryKey)
  const set = input.columns.flatMap((column, place): [quoted: string, value: string][] => {
    if (own.has(column)) return []
    const { quoted } = column
    const value = input.partial.has(column)
      ? `CASE WHEN ${leftOut(inspection, place)} THEN once_table.${quoted}
          ELSE EXCLUDED.${quoted} END`
      : `EXCLUDED.${quoted}`
    return [[quoted, value]]
  })
  const touched = touchable(inspection)?.quoted ?? table.primaryKey[0]?.quoted ?? ''
  const [first = [touched, `once_table.${touched}`], ...others] = set
  const mark = `set_config(${MARK}, ${identityText(inspection)}, true)`
  const marked = table.partitioned ? `CASE WHEN ${mark} <> '' THEN ${first[1]} END` : first[1]
  return [[first[0], marked], ...others].map(([quoted, value]) => `${quoted} = ${value}`)
}

// PostgreSQL also takes an index that binds more rows than the guard, and would overwrite a row
// that is none of the guard's, or one of the guard's with a row that is not.
const bothBound = ({ where }: Guard): string =>
  where === undefined
    ? ''
    : ` WHERE (SELECT (${where}) FROM (SELECT once_table.*) AS once_standing)
      AND ${ofExcluded(`(${where})`)}`

const conflictAction = (statement: Omit<Statement, 'audit'>): string => {
  const { guard, table, parts } = statement.inspection
  const target = `(${indexKey(guard, table, parts).join(', ')})`
  const where = guard.where ? ` WHERE ${guard.where}` : ''
  return statement.policy === 'replace'
    ? `ON CONFLICT ${target}${where}
      DO UPDATE SET ${assignments(statement).join(', ')}${bothBound(guard)}`
    : `ON CONFLICT ${target}${where} DO NOTHING`
}

/**
 * The CTE `inserted`: rows go in by key order, the same for every caller, so that two calls cannot
 * wait for each other.
 */
export const insertedRows = (statement: Omit<Statement, 'audit'>): Sql => {
  const { inspection, input, policy, shown } = statement
  const { table, parts, copies } = inspection
  const written = writtenColumns(inspection, input)
  const names = written.map(({ quoted }) => quoted)
  const order = ['once_bound', ...keyNames(inspection), 'once_ord'].join(', ')
  const keys = parts.map(({ encoding }, index) => `${encoding.indexed} AS once_k${index}`)
  return sql.raw(`
  inserted AS (
    INSERT INTO ${table.quoted} AS once_table
      (${[...names, ...(copies ? [copies.quoted] : [])].join(', ')})
    ${written.some(({ identity }) => identity === 'a') ? 'OVERRIDING SYSTEM VALUE' : ''}
    SELECT ${[...names, ...(copies ? ['coalesce(once_top + 1, 0)'] : [])].join(', ')} FROM met
    WHERE once_fault IS NULL AND once_ord = once_first
      ${policy === 'skip' ? 'AND once_met IS NULL' : ''}
    ORDER BY ${order}
    ${conflictAction(statement)}
    RETURNING ${[...renamed('once_m', answered(inspection, shown)), ...keys].join(', ')},
      true AS once_made, ${bound(inspection)} AS once_bound,
      ${policy === 'replace' ? wasReplaced(inspection) : 'false'} AS once_replaced)`)
}

const alwaysBound = ({ guard, parts }: Inspection): boolean =>
  guard.where === undefined && parts.every(({ part }) => part.nulls !== 'distinct')

// The row of the input, then what became of it.
const columnsOf = (
  { inspection, shown }: Omit<Statement, 'audit'>,
  keyed: (name: string) => string,
): string => {
  const all = answered(inspection, shown)
  const row = ['once_ord', 'once_first', 'once_fault', 'once_met', ...places('once_f', all)]
  const keys = keyNames(inspection).map((name) => `${keyed(name)} AS ${name}`)
  const made = ['once_made', 'once_replaced', ...places('once_m', all)]
  return [...row.map((name) => `met.${name}`), ...keys, ...made].join(', ')
}

// Rows that the key does not bind have no key to be found by: they come out in the order in which
// they went in.
const unboundRows = (statement: Omit<Statement, 'audit'>): string => {
  const keys = keyNames(statement.inspection)
  const same = keys.map((name) => `met.${name} IS NOT DISTINCT FROM numbered.${name}`)
  return `
    UNION ALL
    SELECT ${columnsOf(statement, (name) => `met.${name}`)} FROM
      (SELECT *, row_number() OVER (ORDER BY ${[...keys, 'once_ord'].join(', ')}) AS once_place
        FROM met WHERE NOT once_bound) AS met
      LEFT JOIN (SELECT *, row_number() OVER () AS once_place
        FROM inserted WHERE NOT once_bound) AS numbered
      ON met.once_place = numbered.once_place AND ${same.join(' AND ')}`
}

/**
 * The CTE `made`: each row of `met` beside the row that was made of it. Where the input is a single
 * row, whatever was made was made of it.
 */
export const madeRows = (statement: Omit<Statement, 'audit'>): Sql => {
  const { inspection, input } = statement
  if (input.single) {
    const columns = columnsOf(statement, (name) => `coalesce(inserted.${name}, met.${name})`)
    return sql.raw(`made AS (SELECT ${columns} FROM met LEFT JOIN inserted ON true)`)
  }
  const same = inspection.parts.map(({ part }, index) =>
    equal(`met.once_k${index}`, `inserted.once_k${index}`, part.nulls === 'equal'),
  )
  return sql.raw(`
  made AS (
    SELECT ${columnsOf(statement, (name) => `met.${name}`)}
    FROM met LEFT JOIN inserted ON inserted.once_bound
      AND met.once_ord = met.once_first AND ${same.join(' AND ')}
    WHERE met.once_bound ${alwaysBound(inspection) ? '' : unboundRows(statement)})`)
}

/**
 * The CTE `moved` of one row, and an error where a trigger changed a key, took a row out of `where`
 * or dropped one outside it: the rows made are then not those asked for, and each is tried alone.
 */
export const movedRows = ({ inspection, input }: Omit<Statement, 'audit'>): Sql => {
  if (input.single) return sql.raw('moved AS (SELECT 0 AS rows)')
  const unbound = `OR (SELECT count(*) FROM inserted WHERE NOT once_bound)
      <> (SELECT count(*) FROM met WHERE NOT once_bound)`
  return sql.raw(`
  moved AS (
    SELECT CASE WHEN (SELECT count(*) FROM inserted) <> sum(made_rows)
        ${alwaysBound(inspection) ? '' : unbound}
      THEN (sum(rows)::text || ' rows, some of them moved by a trigger')::int ELSE 0 END AS rows
    FROM grouped)`)
}
