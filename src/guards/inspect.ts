import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { type Coverage, inspectCoverage } from './coverage.ts'
import type { Guard } from './guard.ts'
import { columnOf, type InspectedPart, inspectPart } from './part.ts'
import { explainKey, explainOrder, explainPredicate } from './queries.ts'
import { type Column, inspectTable, type Table } from './table.ts'

/** A guard held against the catalogue. */
export interface Inspection {
  readonly guard: Guard
  readonly table: Table
  readonly parts: readonly InspectedPart[]
  /** ORDER BY items that put the keeper of a duplicate group first. */
  readonly keep: readonly string[]
  /** The primary key, the copy column and the `show` columns, in this order. */
  readonly shown: readonly Column[]
  readonly copies: Column | undefined
  readonly coverage: Coverage
}

async function check(session: Session, guard: Guard, clause: string, statement: Sql) {
  try {
    await session.query(statement)
  } catch (error) {
    const state = sqlstate(error) ?? ''
    const words = error instanceof Error ? error.message : String(error)
    const comparable = !/could not identify an (in)?equality|ordering operator/.test(words)
    if (state === SQLSTATE.insufficientPrivilege || !/^(22|42)/.test(state)) throw error
    throw new OnceoverError(comparable ? 'EXPRESSION_INVALID' : 'KEY_NOT_COMPARABLE', {
      message: `PostgreSQL refuses ${clause} of the guard ${guard.name}: ${words}.`,
      details: { guard: guard.name, table: guard.table, clause },
      cause: error,
    })
  }
}

async function checkExpressions(
  session: Session,
  guard: Guard,
  { quoted }: Table,
  parts: readonly InspectedPart[],
) {
  const key = parts.map(({ encoding }) => encoding.inline)
  await check(session, guard, 'the key', explainKey(quoted, key))
  const { where, keep, unfinished } = guard
  if (where) await check(session, guard, '`where`', explainPredicate(quoted, where))
  if (unfinished) await check(session, guard, '`unfinished`', explainPredicate(quoted, unfinished))
  if (keep.length > 0) await check(session, guard, '`keep`', explainOrder(quoted, keep))
}

/**
 * Holds a guard against the catalogue: the table and its columns, the types of its parts, its SQL,
 * and the unique indexes that cover it or seem to. Reads only.
 *
 * @throws OnceoverError TABLE_NOT_FOUND, TABLE_UNSUPPORTED, TABLE_WITHOUT_PRIMARY_KEY,
 * COLUMN_NOT_FOUND, COLUMN_TYPE_MISMATCH, KEY_NOT_COMPARABLE, EXPRESSION_INVALID
 */
export async function inspect(session: Session, guard: Guard): Promise<Inspection> {
  const table = await inspectTable(session, guard.table)
  const parts = Object.entries(guard.key).map(([name, part]) =>
    inspectPart(guard, table, name, part),
  )
  const copies = guard.copies === undefined ? undefined : columnOf(guard, table, guard.copies)
  if (copies && !/^int[248]$/.test(copies.base)) {
    throw new OnceoverError('COLUMN_TYPE_MISMATCH', {
      message: `${guard.table}.${copies.name} is ${copies.type}; a copy column is an integer.`,
      details: { guard: guard.name, table: guard.table, column: copies.name, type: copies.type },
    })
  }
  const extra = guard.show.map((name) => columnOf(guard, table, name))
  await checkExpressions(session, guard, table, parts)
  return {
    guard,
    table,
    parts,
    keep: guard.keep.length > 0 ? guard.keep : table.primaryKey.map(({ quoted }) => quoted),
    shown: [...new Set([...table.primaryKey, ...(copies ? [copies] : []), ...extra])],
    copies,
    coverage: await inspectCoverage(session, guard, table, parts),
  }
}
