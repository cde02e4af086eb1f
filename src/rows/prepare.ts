import { refuseText } from '../core/key-part.ts'
import type { RowValues, Verdict } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import { type Input, jsonRelation } from './input/queries.ts'

/** A row that can be sent. */
export interface Row {
  readonly index: number
  readonly values: RowValues
}

/** Rows that can be sent, and verdicts for those that cannot. */
export interface Prepared {
  readonly rows: readonly Row[]
  readonly invalid: readonly Verdict[]
}

const isRecord = (value: unknown): value is RowValues =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// Values that JSON would change silently: NaN becomes null, a lone surrogate U+FFFD.
function refuseValue(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return refuseText(value)
    case 'number':
      return Number.isFinite(value) ? undefined : `${value} is not a number that JSON can hold`
    case 'function':
    case 'symbol':
      return `a ${typeof value} is not a value`
    case 'object':
      if (value === null) return undefined
      if (value instanceof Date) {
        return Number.isNaN(value.getTime()) ? 'it is not a time' : undefined
      }
      if (value instanceof Uint8Array || 'toJSON' in value) return undefined
      for (const [name, item] of Object.entries(value)) {
        const words = refuseText(name) ?? refuseValue(item)
        if (words) return words
      }
  }
  return undefined
}

function refuseRow({ table, parts, copies }: Inspection, row: RowValues): string | undefined {
  for (const [name, value] of Object.entries(row)) {
    if (value === undefined) continue
    const column = table.columns.get(name)
    if (!column) return `${name}: there is no such column`
    if (column.generated) return `${name}: the database generates this column`
    if (column === copies) return `${name}: copies are numbered by Onceover`
    const words = refuseValue(value)
    if (words) return `${name}: ${words}`
  }
  for (const { name, part, column } of parts) {
    const value = row[name]
    if (!column || value === undefined || value === null) continue
    const words =
      part.refuse(value) ??
      (value instanceof Date && column.base === 'timestamp'
        ? 'a Date has no local time: give text without an offset'
        : undefined) ??
      (column.base === 'timestamptz' &&
      typeof value === 'string' &&
      !/(Z|[+-]\d\d(:?\d\d)?)$/.test(value)
        ? 'the offset is missing'
        : undefined)
    if (words) return `${name}: ${words}`
  }
  return undefined
}

/** The values that a row attempted for a key, as far as they can be written down. */
export function attemptedKey({ parts }: Inspection, row: unknown): RowValues {
  const values = isRecord(row) ? row : {}
  return Object.fromEntries(
    parts.map(({ name }) => {
      const value = values[name]
      if (typeof value === 'string') return [name, value.toWellFormed().replaceAll('\0', '\uFFFD')]
      return [name, value === undefined || refuseValue(value) ? null : jsonValue(value)]
    }),
  )
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
  let index = offset
  for (const values of input) {
    const reason = isRecord(values) ? refuseRow(inspection, values) : 'the row is not an object'
    if (reason === undefined) rows.push({ index, values: values as RowValues })
    else invalid.push({ index, verdict: 'invalid', key: attemptedKey(inspection, values), reason })
    index++
  }
  return { rows, invalid }
}

const jsonValue = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

// A replacer makes JSON.stringify several times slower, so it runs only where a bigint needs it.
function toJson(rows: readonly RowValues[]): string {
  try {
    return JSON.stringify(rows)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(rows, (_, value) => jsonValue(value))
  }
}

const hex = (values: RowValues, columns: readonly Column[]): RowValues =>
  Object.fromEntries(
    columns.flatMap(({ name }) => {
      const value = values[name]
      return value instanceof Uint8Array
        ? [[name, `\\x${Buffer.from(value).toString('hex')}`] as const]
        : []
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
  return { relation: jsonRelation(toJson(sent), columns, partial), columns, partial }
}
