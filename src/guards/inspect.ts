import { causeOf, OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { type Coverage, inspectCoverage } from './coverage.ts'
import type { Guard } from './guard.ts'
import { columnOf, type InspectedPart, inspectPart } from './part.ts'
import {
  explainKey,
  explainOrder,
  explainPredicate,
  explainRange,
  explainVolatile,
  selectTypes,
} from './queries.ts'
import { type Column, columnsNamed, inspectAnyTable, inspectTable, type Table } from './table.ts'

/** A guard held against the catalogue. */
export interface Inspection {
  readonly guard: Guard
  readonly table: Table
  readonly parts: readonly InspectedPart[]
  /** ORDER BY items that put the keeper of a duplicate group first; no two rows tie in them. */
  readonly keep: readonly string[]
  /** The primary key, the copy column and the `show` columns, in this order. */
  readonly shown: readonly Column[]
  readonly copies: Column | undefined
  readonly coverage: Coverage
}

// Data exceptions, unsupported features, and whatever is wrong with the text of a statement.
const isRefusal = (state: string | undefined): boolean =>
  state !== undefined && /^(0A|22|42)/.test(state) && state !== SQLSTATE.insufficientPrivilege

async function check<Row>(
  session: Session,
  guard: Guard,
  clause: string,
  statement: Sql,
): Promise<readonly Row[]> {
  try {
    return await session.query<Row>(statement)
  } catch (error) {
    if (!isRefusal(sqlstate(error))) throw error
    throw new OnceoverError('EXPRESSION_INVALID', {
      message: `PostgreSQL refuses ${clause} of the guard ${guard.name}: ${causeOf(error)}.`,
      details: { guard: guard.name, table: guard.table, clause },
      cause: error,
    })
  }
}

async function typesOf(session: Session, guard: Guard, table: Table): Promise<readonly string[]> {
  const parts = Object.values(guard.key).filter(({ kind }) => kind === 'expression')
  if (parts.length === 0) return []
  const expressions = parts.map(({ sql }) => `(${sql})`)
  const statement = selectTypes(table.quoted, expressions)
  const [row] = await check<{ types: string }>(session, guard, 'the key', statement)
  return JSON.parse(row?.types ?? '[]')
}

// json is the one such type that is common, and has a way out that loses nothing.
function jsonFix(parts: readonly InspectedPart[]): string | undefined {
  const json = parts.find(({ base }) => base === 'json')
  if (!json) return undefined
  const { name, part, column } = json
  const text = column ? `'${column.quoted}::jsonb'` : JSON.stringify(`(${part.sql})::jsonb`)
  return (
    `Declare ${name} as expression(${text}), or make the column jsonb: ` +
    'there 1 and 1.0 are equal, and so are objects whose keys stand in another order.'
  )
}

async function inspectParts(session: Session, guard: Guard, table: Table) {
  const types = [...(await typesOf(session, guard, table))]
  const parts = Object.entries(guard.key).map(([name, part]) =>
    inspectPart(guard, table, name, part, part.kind === 'expression' ? types.shift() : undefined),
  )
  const statement = explainKey(
    table.quoted,
    parts.map(({ encoding }) => encoding.inline),
  )
  await session.query(statement).catch((error: unknown) => {
    if (sqlstate(error) !== SQLSTATE.undefinedFunction) throw error
    const fix = jsonFix(parts)
    throw new OnceoverError('KEY_NOT_COMPARABLE', {
      message: `PostgreSQL cannot compare the key of the guard ${guard.name}: ${causeOf(error)}.`,
      ...(fix && { fix }),
      details: { guard: guard.name, table: guard.table },
      cause: error,
    })
  })
  return parts
}

/** The clauses of a guard that are SQL of its own, each with its name. */
const clausesOf = ({ key, where, unfinished, overlap }: Guard): [name: string, sql: string][] => [
  ...Object.entries(key).flatMap(([name, { sql }]): [string, string][] =>
    sql ? [[`the part ${name}`, sql]] : [],
  ),
  ...(where ? [['`where`', where] as [string, string]] : []),
  ...(unfinished ? [['`unfinished`', unfinished] as [string, string]] : []),
  ...(overlap ? [['`overlap`', overlap] as [string, string]] : []),
]

// Its rows would be others in each statement, and the figures would disagree.
async function refuseVolatile(session: Session, guard: Guard, table: Table) {
  for (const [clause, sql] of clausesOf(guard)) {
    const plan = await check(session, guard, clause, explainVolatile(table.quoted, sql))
    if (!JSON.stringify(plan).includes('Subquery Scan')) continue
    throw new OnceoverError('EXPRESSION_INVALID', {
      message: `${clause} of the guard ${guard.name} is volatile: it changes by the call.`,
      fix: 'Use columns and immutable functions: no random(), no clock_timestamp().',
      details: { guard: guard.name, table: guard.table, clause },
    })
  }
}

// Where no part of the key is in the range, rows that overlap have equal keys to begin with.
function refuseApart({ name, overlap }: Guard, table: Table, parts: readonly InspectedPart[]) {
  if (overlap === undefined) return
  const read = new Set(columnsNamed(table, overlap))
  if (parts.some(({ columns }) => columns.some((column) => read.has(column)))) return
  throw new OnceoverError('GUARD_INVALID', {
    message: `\`overlap\` of the guard ${name} reads no column of its key.`,
    fix: 'Name the columns in the key that say when, or leave `overlap` out.',
    details: { guard: name, table: table.name, overlap },
  })
}

async function checkClauses(session: Session, guard: Guard, table: Table) {
  const { where, keep, unfinished, suspect, overlap } = guard
  const { quoted } = table
  if (where) await check(session, guard, '`where`', explainPredicate(quoted, where))
  if (unfinished) await check(session, guard, '`unfinished`', explainPredicate(quoted, unfinished))
  if (suspect) await check(session, guard, '`suspect`', explainPredicate(quoted, suspect))
  if (overlap) await check(session, guard, '`overlap`', explainRange(quoted, overlap))
  if (keep.length > 0) await check(session, guard, '`keep`', explainOrder(quoted, keep))
  await refuseVolatile(session, guard, table)
}

async function checkChildren(session: Session, guard: Guard, table: Table) {
  for (const { table: name, columns } of guard.children) {
    const child = await inspectAnyTable(session, name)
    for (const each of columns) columnOf(guard, child, each)
    if (columns.length === table.primaryKey.length) continue
    throw new OnceoverError('GUARD_INVALID', {
      message:
        `The guard ${guard.name} names ${columns.length} columns of ${name} for the ` +
        `${table.primaryKey.length} of the primary key of ${guard.table}.`,
      fix: `Name the columns that hold ${table.primaryKey.map((each) => each.name).join(', ')}.`,
      details: { guard: guard.name, table: name, columns },
    })
  }
}

function copyColumn(guard: Guard, table: Table): Column | undefined {
  if (guard.copies === undefined) return undefined
  const column = columnOf(guard, table, guard.copies)
  const { name, type, notNull, base } = column
  if (/^int[248]$/.test(base) && notNull) return column
  const fault = notNull ? `${type}; a copy column is an integer` : 'nullable: NULLs would repeat'
  throw new OnceoverError('COLUMN_TYPE_MISMATCH', {
    message: `${guard.table}.${name} is ${fault}.`,
    fix: `Make it int NOT NULL DEFAULT 0.`,
    details: { guard: guard.name, table: guard.table, column: name, type },
  })
}

function checkEntity(guard: Guard, table: Table): void {
  const entity = guard.matrix?.entity
  if (entity !== undefined && !Object.hasOwn(guard.key, entity)) columnOf(guard, table, entity)
}

/**
 * Holds a guard against the catalogue: the table and its columns, the types of its parts, its SQL,
 * and the unique indexes that cover it or seem to. Reads only.
 *
 * @throws OnceoverError TABLE_NOT_FOUND, TABLE_UNSUPPORTED, TABLE_WITHOUT_PRIMARY_KEY,
 * COLUMN_NOT_FOUND, COLUMN_TYPE_MISMATCH, KEY_NOT_COMPARABLE, EXPRESSION_INVALID, GUARD_INVALID
 */
export async function inspect(session: Session, guard: Guard): Promise<Inspection> {
  const table = await inspectTable(session, guard.table)
  const copies = copyColumn(guard, table)
  const extra = guard.show.map((name) => columnOf(guard, table, name))
  checkEntity(guard, table)
  if (guard.losers !== 'delete') {
    for (const name of Object.keys(guard.losers.set)) columnOf(guard, table, name)
  }
  const parts = await inspectParts(session, guard, table)
  await checkClauses(session, guard, table)
  refuseApart(guard, table, parts)
  await checkChildren(session, guard, table)
  return {
    guard,
    table,
    parts,
    keep: [...guard.keep, ...table.primaryKey.map(({ quoted }) => quoted)],
    shown: [...new Set([...table.primaryKey, ...(copies ? [copies] : []), ...extra])],
    copies,
    coverage: await inspectCoverage(session, guard, table, parts),
  }
}
