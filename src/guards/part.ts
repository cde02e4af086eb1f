import { OnceoverError } from '../core/error.ts'
import type { KeyPart, PartKind } from '../core/key-part.ts'
import { type EncodedColumn, type Encoding, encode } from '../postgres/encoder.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Guard } from './guard.ts'
import { type Column, columnsNamed, type Table } from './table.ts'

/** A key part on its table. */
export interface InspectedPart {
  readonly name: string
  readonly part: KeyPart
  /** Its column; undefined for an expression. */
  readonly column: Column | undefined
  /** The columns it reads. */
  readonly columns: readonly Column[]
  readonly encoding: Encoding
}

const BASES: Readonly<Record<PartKind, readonly string[] | undefined>> = {
  date: ['date'],
  time: ['time', 'timetz'],
  timestamp: ['timestamp', 'timestamptz'],
  uuid: ['uuid'],
  int: ['int2', 'int4', 'int8'],
  text: ['text', 'varchar', 'bpchar', 'citext', 'name'],
  oneOf: ['text', 'varchar', 'bpchar', 'citext', 'name'],
  set: undefined,
  expression: undefined,
  column: undefined,
}

const fits = (part: KeyPart, column: Column): boolean => {
  if (part.kind === 'set') return column.collection !== undefined
  if (part.kind === 'oneOf' && column.isEnum) return true
  return BASES[part.kind]?.includes(column.base) ?? true
}

const suggestion = (column: Column): string => {
  const kinds = Object.keys(BASES) as PartKind[]
  const kind = kinds.find((each) => BASES[each]?.includes(column.base))
  return kind ?? (column.collection ? 'set' : 'column')
}

const NO_COLUMN: EncodedColumn = { quoted: '', collection: undefined, textual: false }

/**
 * A column that a guard names.
 *
 * @throws OnceoverError COLUMN_NOT_FOUND listing the columns there are
 */
export function columnOf(guard: Guard, table: Table, name: string): Column {
  const column = table.columns.get(name)
  if (column) return column
  throw new OnceoverError('COLUMN_NOT_FOUND', {
    message: `The guard ${guard.name} names ${name}, which is no column of ${guard.table}.`,
    fix: `Its columns are: ${[...table.columns.keys()].join(', ')}.`,
    details: { guard: guard.name, table: guard.table, column: name },
  })
}

/**
 * Holds one key part against its table.
 *
 * @throws OnceoverError COLUMN_NOT_FOUND, COLUMN_TYPE_MISMATCH
 */
export function inspectPart(
  guard: Guard,
  table: Table,
  name: string,
  part: KeyPart,
): InspectedPart {
  const functions = quoteIdentifier(table.schema)
  if (part.kind === 'expression') {
    const encoding = encode(part, NO_COLUMN, functions)
    return { name, part, column: undefined, columns: columnsNamed(table, part.sql), encoding }
  }
  const column = columnOf(guard, table, name)
  if (!fits(part, column)) {
    throw new OnceoverError('COLUMN_TYPE_MISMATCH', {
      message: `${guard.table}.${name} is ${column.type}, which ${part.kind}() cannot read.`,
      fix: `Declare it as ${suggestion(column)}().`,
      details: { guard: guard.name, table: guard.table, column: name, type: column.type },
    })
  }
  const encoding = encode(part, column, functions)
  return { name, part, column, columns: [column], encoding }
}
