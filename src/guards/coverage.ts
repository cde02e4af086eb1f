import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { Guard } from './guard.ts'
import type { InspectedPart } from './part.ts'
import { explainArbiters, selectUniqueIndexes } from './queries.ts'
import { columnsNamed, type Table } from './table.ts'

/** A unique index or constraint as the catalogue describes it. */
export interface UniqueIndex {
  readonly name: string
  /** The name of its constraint, where it belongs to one. */
  readonly constraint: string | undefined
  readonly definition: string
  readonly columns: readonly string[]
  readonly predicate: string | undefined
  readonly valid: boolean
  /** False where its constraint is deferrable, which ON CONFLICT cannot use. */
  readonly immediate: boolean
  readonly nullsNotDistinct: boolean
}

/**
 * A unique index that looks like the guard and is not. `narrower`: it binds fewer columns or more
 * rows, and rejects rows that the guard allows. `wider`: it admits duplicates of the guard's key.
 */
export interface Shadow {
  readonly name: string
  readonly kind: 'narrower' | 'wider'
  readonly definition: string
  readonly why: string
}

/** Which unique indexes stand for a guard. */
export interface Coverage {
  /** True where a valid unique index covers the guard; undefined where this role may not ask. */
  readonly enforced: boolean | undefined
  /** The valid indexes that cover it, whatever their names. */
  readonly indexes: readonly UniqueIndex[]
  /** Indexes on the same columns that a failed build left invalid. */
  readonly invalid: readonly UniqueIndex[]
  readonly shadows: readonly Shadow[]
}

interface IndexRow {
  name: string
  primary: boolean
  valid: boolean
  immediate: boolean
  nulls_not_distinct: boolean
  definition: string
  predicate: string | null
  constraint: string | null
  parts: { column: string | null; sql: string }[] | string
}

const asIndex = (table: Table, row: IndexRow): UniqueIndex => {
  const parts: { column: string | null; sql: string }[] =
    typeof row.parts === 'string' ? JSON.parse(row.parts) : row.parts
  const columns = parts.flatMap(({ column, sql }) =>
    column ? [column] : columnsNamed(table, sql).map(({ name }) => name),
  )
  return {
    name: row.name,
    constraint: row.constraint ?? undefined,
    definition: row.definition,
    columns: [...new Set(columns)],
    predicate: row.predicate ?? undefined,
    valid: row.valid,
    immediate: row.immediate,
    nullsNotDistinct: row.nulls_not_distinct,
  }
}

/** The items of ON CONFLICT and of the unique index for a guard: its parts, then its copy column. */
export const indexKey = (guard: Guard, table: Table, parts: readonly InspectedPart[]): string[] => {
  const copies = guard.copies === undefined ? undefined : table.columns.get(guard.copies)
  return [
    ...parts.map(({ encoding, column }) =>
      encoding.indexed === column?.quoted ? encoding.indexed : `(${encoding.indexed})`,
    ),
    ...(copies ? [copies.quoted] : []),
  ]
}

async function arbiters(
  session: Session,
  table: Table,
  key: readonly string[],
  where: string,
): Promise<readonly string[] | undefined> {
  try {
    // PostgreSQL answers `no index` with an error, which must not poison a caller's transaction.
    const [row] = await session.savepoint(() =>
      session.query(explainArbiters(table.quoted, key, where)),
    )
    const text = JSON.stringify(Object.values(row ?? {})[0] ?? [])
    const plan = JSON.parse(text.startsWith('"') ? JSON.parse(text) : text)
    return plan[0]?.Plan?.['Conflict Arbiter Indexes'] ?? []
  } catch (error) {
    const state = sqlstate(error)
    if (state === SQLSTATE.invalidColumnReference) return []
    if (state === SQLSTATE.undefinedFunction) return []
    if (state === SQLSTATE.insufficientPrivilege) return undefined
    throw error
  }
}

const nullsFault = (index: UniqueIndex, parts: readonly InspectedPart[]): string | undefined => {
  for (const { part, column, name } of parts) {
    if (column?.notNull) continue
    if (part.nulls === 'equal' && !index.nullsNotDistinct) return `admits repeated NULL ${name}`
    if (part.nulls === 'distinct' && index.nullsNotDistinct) return `rejects repeated NULL ${name}`
  }
  return undefined
}

const list = (names: Iterable<string>): string => [...names].join(', ')

function shadow(
  index: UniqueIndex,
  guarded: ReadonlySet<string>,
  covering: boolean,
  guard: Guard,
  parts: readonly InspectedPart[],
): Shadow | undefined {
  const columns = new Set(index.columns)
  const missing = [...guarded].filter((name) => !columns.has(name))
  const extra = [...columns].filter((name) => !guarded.has(name))
  const shadowed = (kind: Shadow['kind'], why: string): Shadow => ({
    name: index.name,
    kind,
    definition: index.definition,
    why,
  })
  if (covering) {
    return guard.where !== undefined && index.predicate === undefined
      ? shadowed('narrower', 'binds every row, also those outside the guard’s where')
      : undefined
  }
  if (columns.size === 0 || (missing.length > 0 && extra.length > 0)) return undefined
  if (extra.length > 0) return shadowed('wider', `admits rows that differ in ${list(extra)} only`)
  if (missing.length > 0) {
    return shadowed('narrower', `rejects rows that differ in ${list(missing)} only`)
  }
  const nulls = nullsFault(index, parts)
  if (nulls) return shadowed(nulls.startsWith('rejects') ? 'narrower' : 'wider', nulls)
  if (!index.immediate) return shadowed('wider', 'is deferrable: ON CONFLICT cannot use it')
  return shadowed('wider', index.predicate ? `binds only rows WHERE ${index.predicate}` : 'differs')
}

// A role without INSERT may not ask for the arbiters: only the plain case is then certain.
const plainlyCovers = (index: UniqueIndex, guarded: ReadonlySet<string>, plain: boolean) =>
  plain &&
  index.predicate === undefined &&
  index.columns.length === guarded.size &&
  index.columns.every((name) => guarded.has(name))

/**
 * Asks which unique indexes stand for a guard. PostgreSQL is asked which arbiters it would use:
 * comparing definitions here was refused, because only the planner knows what a predicate implies.
 */
export async function inspectCoverage(
  session: Session,
  guard: Guard,
  table: Table,
  parts: readonly InspectedPart[],
): Promise<Coverage> {
  const rows = await session.query<IndexRow>(selectUniqueIndexes(table.oid))
  const all = rows.map((row) => asIndex(table, row))
  const names = await arbiters(session, table, indexKey(guard, table, parts), guard.where ?? '')
  const guarded = new Set(parts.flatMap(({ columns }) => columns.map(({ name }) => name)))
  if (guard.copies) guarded.add(guard.copies)
  const plain = parts.every(({ encoding, column }) => encoding.indexed === column?.quoted)
  const covers = (index: UniqueIndex) =>
    index.valid &&
    index.immediate &&
    !nullsFault(index, parts) &&
    (names ? names.includes(index.name) : plainlyCovers(index, guarded, plain))
  const indexes = all.filter(covers)
  const same = ({ columns }: UniqueIndex) =>
    columns.length === guarded.size && columns.every((name) => guarded.has(name))
  return {
    enforced: indexes.length > 0 ? true : names === undefined ? undefined : false,
    indexes,
    invalid: all.filter((index) => !index.valid && same(index)),
    shadows: all
      .filter(({ valid }) => valid)
      .flatMap((index) => shadow(index, guarded, indexes.includes(index), guard, parts) ?? []),
  }
}
