import type { Child } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import { columnOf } from '../guards/part.ts'
import { type Column, columnsNamed, inspectAnyTable, type Table } from '../guards/table.ts'
import { type UniqueIndex, uniqueIndexes } from '../guards/unique-index.ts'
import type { Session } from '../postgres/session.ts'
import { selectReferences, selectServed } from './family/queries.ts'
import type { Shape } from './shape.ts'

/** A unique key of a child, which a row may break on its way to the keeper. */
export interface ChildKey {
  readonly name: string
  /** The SQL of its items over the child's columns. */
  readonly items: readonly string[]
  readonly predicate: string | undefined
  readonly nullsEqual: boolean
}

/** What becomes of rows whose parent is removed and has no keeper. */
export type Orphans = 'delete' | 'null' | 'refuse'

/** A foreign key, or a declared child: rows of one table that hang on rows of another. */
export interface Edge {
  readonly place: number
  /** Places of its two tables. */
  readonly parent: number
  readonly child: number
  /** Name of the foreign key; undefined where the guard alone declares it. */
  readonly constraint: string | undefined
  readonly columns: readonly Column[]
  readonly references: readonly Column[]
  /** What happens to rows of a loser that has a keeper. */
  readonly policy: 'repoint' | 'delete' | 'refuse'
  readonly collision: 'refuse' | 'drop' | 'merge'
  readonly orphans: Orphans
  /** The columns that become NULL where orphans do. */
  readonly nulled: readonly Column[]
  readonly keys: readonly ChildKey[]
  /** Whether an index finds the rows of one parent. */
  readonly served: boolean
}

/** The guarded table, and the tables whose rows hang on its rows, however far. */
export interface Family {
  /** The guarded table first. A table stands once, however many edges lead to it. */
  readonly tables: readonly Table[]
  readonly edges: readonly Edge[]
  /** Places of the tables that may lose rows: children before their parents. */
  readonly losing: readonly number[]
}

interface ReferenceRow {
  readonly constraint: string | null
  readonly quoted: string
  readonly kind: string
  readonly on_delete: string
  readonly columns: readonly string[]
  readonly references: readonly string[]
  readonly set_columns: readonly string[] | null
}

type Reference = Omit<Edge, 'place' | 'parent' | 'child' | 'served' | 'keys'> & {
  readonly table: Table
}

const ORPHANS: Readonly<Record<string, Orphans>> = { c: 'delete', n: 'null' }

// A foreign key may name its columns in another order than the primary key has them.
const sameNames = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name) => right.includes(name))

const columnsOf = (table: Table, names: readonly string[]): readonly Column[] =>
  names.flatMap((name) => table.columns.get(name) ?? [])

async function foreignKeys(session: Session, parent: Table): Promise<readonly ReferenceRow[]> {
  const answer = await session.query<{ described: string }>(selectReferences(parent.oid))
  return answer.map(({ described }) => JSON.parse(described))
}

const asReference = (
  parent: Table,
  table: Table,
  row: ReferenceRow,
  { policy = 'repoint', collision = 'refuse' }: Partial<Child>,
): Reference => ({
  table,
  constraint: row.constraint ?? undefined,
  columns: columnsOf(table, row.columns),
  references: columnsOf(parent, row.references),
  policy,
  collision,
  orphans: ORPHANS[row.on_delete] ?? 'refuse',
  nulled: columnsOf(table, row.set_columns ?? row.columns),
})

/** The foreign keys to the guarded table, each with what the guard declares of it, and the rest. */
async function ofTheGuarded(session: Session, inspection: Inspection): Promise<Reference[]> {
  const { guard, table } = inspection
  const declared: { readonly child: Child; readonly table: Table }[] = []
  for (const child of guard.children) {
    declared.push({ child, table: await inspectAnyTable(session, child.table) })
  }
  const used = new Set<Child>()
  const found: Reference[] = []
  for (const row of await foreignKeys(session, table)) {
    const childTable = await inspectAnyTable(session, row.quoted)
    const match = declared.find(
      (each) => each.table.oid === childTable.oid && sameNames(each.child.columns, row.columns),
    )
    if (match) used.add(match.child)
    found.push(asReference(table, childTable, row, match?.child ?? {}))
  }
  const primaryKey = table.primaryKey.map(({ name }) => name)
  for (const { child, table: childTable } of declared) {
    if (used.has(child)) continue
    for (const name of child.columns) columnOf(guard, childTable, name)
    const row: ReferenceRow = {
      ...{ constraint: null, quoted: childTable.quoted, kind: 'r', on_delete: 'a' },
      ...{ columns: child.columns, references: primaryKey, set_columns: null },
    }
    found.push(asReference(table, childTable, row, child))
  }
  return found
}

// Of what hangs on a child nothing is declared: its foreign keys say it, as they do to PostgreSQL.
async function ofAChild(session: Session, parent: Table, above: Edge): Promise<Reference[]> {
  const found: Reference[] = []
  for (const row of await foreignKeys(session, parent)) {
    const table = await inspectAnyTable(session, row.quoted)
    found.push(asReference(parent, table, row, { collision: above.collision }))
  }
  return found
}

// A row that goes to its keeper may come under the predicate of an index, too.
const reads = ({ columns, predicate }: UniqueIndex, table: Table): readonly string[] => [
  ...columns,
  ...columnsNamed(table, predicate ?? '').map(({ name }) => name),
]

async function keysOf(
  session: Session,
  table: Table,
  columns: readonly Column[],
): Promise<readonly ChildKey[]> {
  const names = new Set(columns.map(({ name }) => name))
  const indexes = await uniqueIndexes(session, table)
  return indexes.flatMap(({ index, items }) =>
    index.valid && reads(index, table).some((name) => names.has(name))
      ? [
          {
            name: index.name,
            items: items.map(({ column, label }) =>
              column === undefined ? `(${label})` : (table.columns.get(column)?.quoted ?? label),
            ),
            predicate: index.predicate,
            nullsEqual: index.nullsNotDistinct,
          },
        ]
      : [],
  )
}

const mayLose = (edge: Edge, root: boolean): boolean =>
  root
    ? edge.policy === 'delete' || (edge.policy === 'repoint' && edge.collision !== 'refuse')
    : edge.collision !== 'refuse' || edge.orphans === 'delete'

// Children first: a row goes before the row that it points to.
function inOrder(losing: ReadonlySet<number>, edges: readonly Edge[]): readonly number[] {
  const order: number[] = []
  const seen = new Set<number>()
  const visit = (place: number) => {
    if (seen.has(place)) return
    seen.add(place)
    for (const { parent, child } of edges) if (parent === place && losing.has(child)) visit(child)
    order.push(place)
  }
  visit(0)
  return order
}

/**
 * Reads which tables a repair of a guard touches: the guarded one, what hangs on it by foreign keys
 * or by declaration, and what hangs on those of them that may lose rows.
 *
 * @throws OnceoverError TABLE_NOT_FOUND, COLUMN_NOT_FOUND for a child as it is declared
 */
export async function familyOf(session: Session, inspection: Inspection): Promise<Family> {
  const tables: Table[] = [inspection.table]
  const edges: Edge[] = []
  if (inspection.guard.losers !== 'delete') return { tables, edges, losing: [] }
  const losing = new Set<number>()
  const placeOf = (table: Table): number => {
    const known = tables.findIndex(({ oid }) => oid === table.oid)
    return known < 0 ? tables.push(table) - 1 : known
  }
  const expand = async (parent: number, references: readonly Reference[]) => {
    losing.add(parent)
    for (const { table, ...reference } of references) {
      const { columns } = reference
      const [served] = await session.query<{ served: boolean }>(
        selectServed(
          table.oid,
          columns.map(({ name }) => name),
        ),
      )
      const edge: Edge = {
        ...reference,
        place: edges.length,
        parent,
        child: placeOf(table),
        keys: await keysOf(session, table, columns),
        served: served?.served === true,
      }
      edges.push(edge)
      if (!mayLose(edge, parent === 0) || losing.has(edge.child)) continue
      await expand(edge.child, await ofAChild(session, table, edge))
    }
  }
  await expand(0, await ofTheGuarded(session, inspection))
  return { tables, edges, losing: inOrder(losing, edges) }
}

/** A family as plain JSON: equal where nothing has changed that a repair depends on. */
export const familyShape = ({ tables, edges, losing }: Family): Shape =>
  JSON.parse(
    JSON.stringify({
      losing,
      tables: tables.map(({ oid, quoted, columns, primaryKey }) => ({
        oid,
        quoted,
        columns: [...columns.values()].map(({ name, type }) => [name, type]),
        primaryKey: primaryKey.map(({ name }) => name),
      })),
      edges: edges.map(({ columns, references, nulled, keys, served, ...edge }) => ({
        ...edge,
        columns: columns.map(({ name }) => name),
        references: references.map(({ name }) => name),
        keys: keys.map(({ name }) => name),
      })),
    }),
  )
