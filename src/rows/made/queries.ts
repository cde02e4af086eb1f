import type { Inspection } from '../../guards/inspect.ts'
import { type Sql, sql } from '../../postgres/sql.ts'
import { answered, places } from '../answer/queries.ts'
import { equal, keyNames } from '../ranked/queries.ts'
import type { Statement } from '../statement.ts'

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
