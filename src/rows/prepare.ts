import type { KeyPart } from '../core/key-part.ts'
import type { RowValues, Verdict } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import { type Input, jsonRelation } from './input/queries.ts'
import { hexOf, refuseValue, toJson, writtenDown } from './json-value.ts'

/** A row that can be sent. */
export interface Row {
  readonly index: number
  readonly values: RowValues
}

/** Rows that can be sent, and verdicts for those that cannot. */
export interface Prepared {
  readonly rows: readonly Row[]
  readonly invalid: readonly Verdict[]
  /** True where a row has a column that the table has not. */
  readonly strange: boolean
}

// Only what a row has itself is sent: not what its class has, nor what its toJSON would make of it.
const ownValues = (row: RowValues): RowValues => {
  const prototype = Object.getPrototypeOf(row)
  return prototype === Object.prototype || prototype === null ? row : { ...row }
}

const isRecord = (value: unknown): value is RowValues =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type PartsByColumn = ReadonlyMap<string, KeyPart>

const partsByColumn = ({ parts }: Inspection): PartsByColumn =>
  new Map(parts.flatMap(({ name, part, column }) => (column ? [[name, part]] : [])))

function refuseColumn(
  { table, copies }: Inspection,
  parts: PartsByColumn,
  name: string,
  value: unknown,
): string | undefined {
  const column = table.columns.get(name)
  if (!column) return 'there is no such column'
  if (column.generated || column.identity === 'a') return 'the database generates this column'
  if (column === copies) return 'copies are numbered by Onceover'
  if (value === null) return undefined
  const part = parts.get(name)
  // A part checks its texts itself; the check is not made twice for every row.
  if (part && typeof value === 'string') return part.refuse(value)
  if (column.base === 'bytea' && value instanceof Uint8Array) return part?.refuse(value)
  return refuseValue(value) ?? part?.refuse(value)
}

function refuseRow(
  inspection: Inspection,
  parts: PartsByColumn,
  row: RowValues,
): string | undefined {
  for (const name in row) {
    const value = row[name]
    if (value === undefined) continue
    const words = refuseColumn(inspection, parts, name, value)
    if (words) return `${name}: ${words}`
  }
  return undefined
}

/** The values that a row attempted for a key, as far as they can be written down. */
export function attemptedKey({ parts }: Inspection, row: unknown): RowValues {
  const values = isRecord(row) ? row : {}
  return Object.fromEntries(parts.map(({ name }) => [name, writtenDown(values[name])]))
}

/**
 * Sorts out the rows that cannot be sent to PostgreSQL as they are: not an object, a column that
 * does not exist, a text that would be changed on the way, a key value of the wrong shape.
 *
 * @param offset index of the first row in the whole input
 */
export function prepareRows(
  inspection: Inspection,
  input: Iterable<unknown>,
  offset = 0,
): Prepared {
  const parts = partsByColumn(inspection)
  const rows: Row[] = []
  const invalid: Verdict[] = []
  let strange = false
  let index = offset
  for (const given of input) {
    const values = isRecord(given) ? ownValues(given) : undefined
    const reason = values ? refuseRow(inspection, parts, values) : 'the row is not an object'
    if (values && reason === undefined) rows.push({ index, values })
    else {
      const key = attemptedKey(inspection, given)
      invalid.push({ index, verdict: 'invalid', key, reason: reason ?? '' })
      strange ||= Object.keys(values ?? {}).some((name) => !inspection.table.columns.has(name))
    }
    index++
  }
  return { rows, invalid, strange }
}

const hex = (values: RowValues, columns: readonly Column[]): RowValues =>
  Object.fromEntries(
    columns.flatMap(({ name }) => {
      const value = values[name]
      return value instanceof Uint8Array ? [[name, hexOf(value)] as const] : []
    }),
  )

const missing = (values: RowValues, columns: readonly Column[]): RowValues => ({
  once_missing: columns.flatMap(({ name }, place) => (values[name] === undefined ? [place] : [])),
})

function presentColumns({ table }: Inspection, rows: readonly Row[]) {
  const counts = new Map<string, number>()
  for (const { values } of rows) {
    for (const name in values) {
      if (values[name] !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  const columns = [...counts.keys()].flatMap((name) => table.columns.get(name) ?? [])
  const partial = new Set(columns.filter(({ name }) => counts.get(name) !== rows.length))
  return { columns, partial }
}

/** Rows as the input of a statement: one JSON text, however many rows and columns. */
export function jsonInput(inspection: Inspection, rows: readonly Row[]): Input {
  const { columns, partial } = presentColumns(inspection, rows)
  const binary = columns.filter(({ base }) => base === 'bytea')
  const plain = partial.size === 0 && columns.length > 0 && binary.length === 0
  const sent = plain
    ? rows.map(({ values }) => values)
    : rows.map(({ values }) => ({
        ...values,
        ...missing(values, columns),
        ...hex(values, binary),
      }))
  const relation = jsonRelation(toJson(sent), columns, partial)
  return { relation, columns, partial, single: rows.length === 1 }
}
