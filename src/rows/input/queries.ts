import type { Inspection } from '../../guards/inspect.ts'
import { type Column, columnsNamed } from '../../guards/table.ts'
import { type Sql, sql } from '../../postgres/sql.ts'

/** Where the rows of a statement come from. */
export interface Input {
  /** A relation of the named columns and `once_ord`, the place of the row in the input. */
  readonly relation: Sql
  /** The columns that the relation has. */
  readonly columns: readonly Column[]
  /** Those of them that some rows leave out; such a row names their places in `once_missing`. */
  readonly partial: ReadonlySet<Column>
  /** True where it is one row. */
  readonly single: boolean
}

// Columns that a statement computes besides those given, because the guard's SQL reads them.
function derivedColumns({ guard, table, parts, copies }: Inspection, input: Input) {
  const given = new Set(input.columns)
  const wanted = new Set([
    ...parts.flatMap(({ columns }) => columns),
    ...columnsNamed(table, guard.where ?? ''),
  ])
  for (const column of wanted) {
    if (column.generated) for (const each of columnsNamed(table, column.default)) wanted.add(each)
  }
  if (copies) wanted.delete(copies)
  const missing = [...wanted].filter((column) => !given.has(column))
  return {
    defaults: missing.filter(({ generated }) => !generated),
    generated: missing.filter(({ generated }) => generated),
  }
}

/** The columns that a statement writes: those given, and those whose defaults the key reads. */
export const writtenColumns = (inspection: Inspection, input: Input): readonly Column[] => [
  ...input.columns,
  ...derivedColumns(inspection, input).defaults,
]

/** The rows of an input with every column that the guard's SQL reads. */
export const inputRows = (inspection: Inspection, input: Input): Sql => {
  const { defaults, generated } = derivedColumns(inspection, input)
  const given = input.columns.map((column, place) =>
    input.partial.has(column)
      ? `CASE WHEN ${place} = ANY(once_missing) THEN (${column.default})::${column.type}
         ELSE given.${column.quoted}::${column.type} END AS ${column.quoted}`
      : `given.${column.quoted}`,
  )
  const values = defaults.map((each) => `(${each.default})::${each.type} AS ${each.quoted}`)
  const own = input.partial.size > 0 ? ['once_ord', 'once_missing'] : ['once_ord']
  const plain = sql`SELECT ${sql.raw([...own, ...given, ...values].join(', '))}
    FROM ${input.relation} AS given`
  if (generated.length === 0) return plain
  const computed = generated.map((each) => `(${each.default}) AS ${each.quoted}`)
  return sql`SELECT plain.*, ${sql.raw(computed.join(', '))} FROM (${plain}) AS plain`
}

/** Rows as a JSON array of objects with the columns' names, and `once_missing` where one varies. */
export const jsonRelation = (
  json: string,
  columns: readonly Column[],
  partial: ReadonlySet<Column>,
): Sql => {
  // A domain may refuse the NULL of a value that is only left out.
  const fields = columns.map(
    (column) => `${column.quoted} ${partial.has(column) ? column.plainType : column.type}`,
  )
  const names = columns.map(({ quoted }) => quoted)
  if (partial.size > 0 || columns.length === 0) {
    fields.push('once_missing int[]')
    names.push('once_missing')
  }
  // As text first: a driver that is told of a json parameter would write the text as JSON again.
  return sql`(SELECT fields.*, (once_place - 1)::int AS once_ord FROM
    ROWS FROM (json_to_recordset(${json}::text::json) AS (${sql.raw(fields.join(', '))}))
    WITH ORDINALITY AS fields(${sql.raw([...names, 'once_place'].join(', '))}))`
}
