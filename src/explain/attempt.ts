import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { columnsNamed, type Table } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import { jsonRelation } from '../rows/input/queries.ts'
import { toJson } from '../rows/json-value.ts'
import type { Constraint } from './constraint.ts'
import { type KeyText, readKey } from './key-text.ts'
import { type Compared, hasValues, selectKeyText, selectRepeated } from './queries.ts'
import { quietly } from './quietly.ts'
import { findStanding, type Standing } from './standing.ts'
import type { Violation } from './violation.ts'

/** What an error is looked at with. */
export interface Scene {
  readonly session: Session
  readonly constraint: Constraint
  /** The guard's table, or that of the constraint. */
  readonly table: Table
  readonly inspection: Inspection | undefined
  /** The row that was sent, as far as the caller knows it. */
  readonly row: RowValues | undefined
}

/** The key that was attempted, and the row that stands in its way. */
export interface Attempt {
  /** By column, or by expression, as text. */
  readonly values: Readonly<Record<string, string | null>>
  readonly standing: Standing | undefined
  /** Whether that row has the very values attempted. */
  readonly equalKey: boolean
}

const MAX_LOOKS = 50

const compare = ({ parts }: Constraint, key: KeyText, equal: boolean): Compared[] =>
  parts.map(({ sql, type, operator }, place) => {
    return { sql, type, operator: equal ? '=' : operator, value: key[place] ?? null }
  })

// As an input of one row, so that PostgreSQL computes expressions and reads every type.
const asRelation = ({ table, constraint }: Scene, rows: readonly RowValues[]) => {
  const { parts, predicate = '' } = constraint
  const named = [...parts.map(({ sql }) => sql), predicate].flatMap((sql) =>
    columnsNamed(table, sql),
  )
  return jsonRelation(toJson(rows), [...new Set(named)], new Set())
}

async function keyOfRow(scene: Scene): Promise<KeyText | undefined> {
  const { session, constraint, table, row } = scene
  if (!row) return undefined
  const needed = constraint.parts.flatMap(({ sql }) => columnsNamed(table, sql))
  if (needed.some(({ name }) => row[name] === undefined)) return undefined
  const statement = selectKeyText(asRelation(scene, [row]), constraint.parts)
  const [found] = (await quietly(session, () => session.query<{ key: string }>(statement))) ?? []
  return found && JSON.parse(found.key)
}

const find = ({ session, table, inspection, constraint }: Scene, compared: readonly Compared[]) =>
  findStanding(session, {
    table,
    inspection,
    condition: hasValues(compared),
    predicate: constraint.predicate,
  })

const named = ({ parts }: Constraint, key: KeyText | undefined): Attempt['values'] =>
  Object.fromEntries(
    key ? parts.map(({ column, sql }, place) => [column ?? sql, key[place] ?? null]) : [],
  )

/**
 * Reads the key that was attempted, from the DETAIL or else from the row that was sent, and looks
 * for the row that stands. A DETAIL that can be read in several ways is read in the way that leads
 * to a row.
 */
export async function readAttempt(scene: Scene, { detail }: Violation): Promise<Attempt> {
  const { constraint } = scene
  const nullable = constraint.nullsNotDistinct
  const parts = constraint.parts.map(({ spelled, type, notNull }) => {
    return { sql: spelled, type, nullable: nullable && !notNull }
  })
  const own = await keyOfRow(scene)
  const told = detail === undefined ? [] : readKey(detail, parts)
  const readings = told.length > 0 ? told : own ? [own] : []
  for (const key of readings.slice(0, MAX_LOOKS)) {
    const standing = await find(scene, compare(constraint, key, false))
    if (!standing) continue
    const equalKey =
      constraint.exclusion && (await find(scene, compare(constraint, key, true))) !== undefined
    return { values: named(constraint, key), standing, equalKey }
  }
  return { values: named(constraint, readings[0]), standing: undefined, equalKey: false }
}

/** The places of the input's rows that share the key that was attempted; empty where none do. */
export async function findRepeated(
  scene: Scene,
  { values }: Attempt,
  input: readonly RowValues[] | undefined,
): Promise<readonly number[] | undefined> {
  const { session, constraint } = scene
  if (!input || constraint.exclusion) return undefined
  const key = constraint.parts.map(({ column, sql }) => values[column ?? sql])
  const whole = key.filter((value) => value !== undefined)
  const compared = whole.length === key.length ? compare(constraint, whole, true) : []
  const statement = selectRepeated(
    asRelation(scene, input),
    constraint.parts,
    hasValues(compared),
    constraint.predicate,
  )
  const rows = await quietly(session, () => session.query<{ places: string }>(statement))
  if (!rows) return undefined
  const [found] = rows
  return found ? JSON.parse(found.places) : []
}
