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

const OFFSET = /(Z|[+-]\d\d(:?\d\d)?)$/

// What a timestamp means depends on its column: with a zone, or local.
const refuseZone = (value: unknown, { base }: Column): string | undefined => {
  if (base === 'timestamp' && value instanceof Date) {
    return 'a Date has no local time: give text without an offset'
  }
  if (base === 'timestamptz' && typeof value === 'string' && !OFFSET.test(value)) {
    return 'the offset is missing'
  }
  return undefined
}

function refuseColumn({ table, copies }: Inspection, name: string, value: unknown) {
  const column = table.columns.get(name)
  if (!column) return 'there is no such column'
  if (column.generated || column.identity === 'a') return 'the database generates this column'
  if (column === copies) return 'copies are numbered by Onceover'
  return column.base === 'bytea' && value instanceof Uint8Array ? undefined : refuseValue(value)
}

function refuseRow(inspection: Inspection, row: RowValues): string | undefined {
  for (const name in row) {
    const value = row[name]
    if (value === undefined) continue
    const words = refuseColumn(inspection, name, value)
    if (words) return `${name}: ${words}`
  }
  for (const { name, part, column } of inspection.parts) {
    const value = row[name]
    if (!column || value === undefined || value === null) continue
    const words = part.refuse(value) ?? refuseZone(value, column)
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
  const rows: Row[] = []
  const invalid: Verdict[] = []
  let strange = false
  let index = offset
  for (const given of input) {
    const values = isRecord(given) ? ownValues(given) : undefined
    const reason = values ? refuseRow(inspection, values) : 'the row is not an object'
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
