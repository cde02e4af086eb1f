import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { exactJson } from '../../postgres/exact-json.ts'
import { quoteLiteral } from '../../postgres/identifier.ts'

const MAX_ARGUMENTS = 100

// json and not jsonb: it is only written down, and text is joined several times faster. A function
// takes at most 100 arguments, so a wider row is put together from parts.
const jsonArray = (items: readonly string[]): string => {
  if (items.length <= MAX_ARGUMENTS) return `json_build_array(${items.join(', ')})`
  const parts: string[] = []
  for (let start = 0; start < items.length; start += MAX_ARGUMENTS) {
    parts.push(`jsonb_build_array(${items.slice(start, start + MAX_ARGUMENTS).join(', ')})`)
  }
  return `(${parts.join(' || ')})::json`
}

/** The names under which a row's columns pass through a statement: `once_f0`, `once_f1`, … */
export const places = (prefix: string, columns: readonly Column[]): string[] =>
  columns.map((_, place) => `${prefix}${place}`)

/** The columns of a table's row under names that no column of the input has. */
export const renamed = (prefix: string, columns: readonly Column[]): string[] =>
  columns.map(({ quoted }, place) => `${quoted} AS ${prefix}${place}`)

/** Some of a row's columns as a JSON array. */
export const jsonRow = (
  prefix: string,
  columns: readonly Column[],
  all: readonly Column[],
): string =>
  jsonArray(columns.map((column) => exactJson(`${prefix}${all.indexOf(column)}`, column.base)))

/** The primary key of a row as a JSON object. */
export const jsonIdentity = (
  prefix: string,
  { table }: Inspection,
  all: readonly Column[],
): string =>
  `json_build_object(${table.primaryKey
    .map((column) => {
      const value = exactJson(`${prefix}${all.indexOf(column)}`, column.base)
      return `${quoteLiteral(column.name)}, ${value}`
    })
    .join(', ')})`

/** The primary key and the columns to answer with. */
export const answered = ({ table }: Inspection, shown: readonly Column[]): readonly Column[] => [
  ...new Set([...table.primaryKey, ...shown]),
]

/** The canonical key of a ranked row as a JSON array. */
export const jsonKey = ({ parts }: Inspection): string =>
  jsonArray(parts.map(({ base }, index) => exactJson(`once_k${index}`, base)))
