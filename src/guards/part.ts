import { OnceoverError } from '../core/error.ts'
import type { KeyPart, PartKind } from '../core/key-part.ts'
import { type EncodedColumn, type Encoding, encode } from '../postgres/encoder.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Guard } from './guard.ts'
import { onColumn } from './part-value.ts'
import { type Column, columnsNamed, type Table } from './table.ts'

/** A key part on its table. */
export interface InspectedPart {
  readonly name: string
  /** The part as declared; it also refuses what its column would change on the way in. */
  readonly part: KeyPart
  /** Its column; undefined for an expression. */
  readonly column: Column | undefined
  /** The columns it reads. */
  readonly columns: readonly Column[]
  /** The name of its type, such as `int4`; of a domain the type underneath. */
  readonly base: string
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
  if (column.isEnum) return "oneOf('…')"
  if (column.collection) return 'set()'
  const kinds = Object.keys(BASES) as PartKind[]
  return `${kinds.find((each) => BASES[each]?.includes(column.base)) ?? 'column'}()`
}

const NO_COLUMN: EncodedColumn = {
  quoted: '',
  collection: undefined,
  textual: false,
  caseless: false,
}

/**
 * A column that a guard names.
 *
 * @param table the guarded table, or that of its children
 * @throws OnceoverError COLUMN_NOT_FOUND listing the columns there are
 */
export function columnOf(guard: Guard, table: Table, name: string): Column {
  const column = table.columns.get(name)
  if (column) return column
  throw new OnceoverError('COLUMN_NOT_FOUND', {
    message: `The guard ${guard.name} names ${name}, which is no column of ${table.name}.`,
    fix: `Its columns are: ${[...table.columns.keys()].join(', ')}.`,
    details: { guard: guard.name, table: table.name, column: name },
  })
}

/**
 * Holds one key part against its table.
 *
 * @param type name of the type of an expression, as PostgreSQL finds it
 * @throws OnceoverError COLUMN_NOT_FOUND, COLUMN_TYPE_MISMATCH
 */
export function inspectPart(
  guard: Guard,
  table: Table,
  name: string,
  part: KeyPart,
  type: string | undefined,
): InspectedPart {
  const { unicode } = table
  const surroundings = { functions: quoteIdentifier(table.schema), unicode }
  if (part.kind === 'expression') {
    const encoding = encode(part, NO_COLUMN, surroundings)
    const columns = columnsNamed(table, part.sql)
    return { name, part, column: undefined, columns, base: type ?? '', encoding }
  }
  const column = columnOf(guard, table, name)
  if (!fits(part, column)) {
    throw new OnceoverError('COLUMN_TYPE_MISMATCH', {
      message: `${guard.table}.${name} is ${column.type}, which ${part.kind}() cannot read.`,
      fix: `Declare it as ${suggestion(column)}.`,
      details: { guard: guard.name, table: guard.table, column: name, type: column.type },
    })
  }
  const encoding = encode(part, column, surroundings)
  const { base } = column
  return { name, part: onColumn(part, column), column, columns: [column], base, encoding }
}
