import type { Session } from '../postgres/session.ts'
import type { Guard } from './guard.ts'
import type { InspectedPart } from './part.ts'
import { planOf, withoutTrace } from './plan.ts'
import { explainContradiction, proveContradictions } from './queries.ts'
import { columnsNamed, type Table } from './table.ts'

const MAX_INDEX_COLUMNS = 32

type Clause = readonly [name: string, sql: string]

// Whether PostgreSQL sees through a contradiction tells whether the clause is immutable.
async function firstChanging(
  session: Session,
  table: Table,
  clauses: readonly Clause[],
): Promise<string | undefined> {
  // Outside a transaction the setting below would not last until the next statement.
  if (session.transactional !== true || clauses.length === 0) return undefined
  return withoutTrace(session, async () => {
    await session.query(proveContradictions())
    for (const [clause, sql] of clauses) {
      const plan = planOf(await session.query(explainContradiction(table.quoted, sql)))
      // What names no column is tested once, in a Result above the scan.
      if (plan?.['Node Type'] !== 'Result' || plan.Plans) return clause
    }
    return undefined
  })
}

const expressions = (parts: readonly InspectedPart[]): Clause[] =>
  parts.flatMap(({ name, part }) =>
    part.kind === 'expression' ? [[`the part ${name}`, part.sql] as const] : [],
  )

/**
 * The part of a key that is not immutable, such as `the part at`: its value depends on the time of
 * the call or on settings. Undefined where there is none, or where it cannot be asked.
 */
export const findChangingPart = (
  session: Session,
  table: Table,
  parts: readonly InspectedPart[],
): Promise<string | undefined> =>
  firstChanging(
    session,
    table,
    // Through a subquery PostgreSQL does not see, whatever is in it.
    expressions(parts).filter(([, sql]) => !/\bselect\b/i.test(sql)),
  )

async function changing(
  session: Session,
  { where }: Guard,
  table: Table,
  parts: readonly InspectedPart[],
): Promise<string | undefined> {
  const bound: Clause[] = where === undefined ? [] : [['`where`', where]]
  const clause = await firstChanging(session, table, [...expressions(parts), ...bound])
  return clause && `${clause} is not immutable: its result depends on the time or on settings`
}

function unpartitioned(table: Table, parts: readonly InspectedPart[]): string | undefined {
  const { partitionKey } = table
  if (partitionKey === undefined) return undefined
  const plain = new Set(
    parts.map(({ column, encoding }) => (encoding.indexed === column?.quoted ? column?.name : '')),
  )
  const [, inner = ''] = /^[^(]*(\([\s\S]*\))$/.exec(partitionKey) ?? []
  const missing = columnsNamed(table, inner).filter(({ name }) => !plain.has(name))
  return missing.length > 0
    ? `the table is partitioned by ${partitionKey}, and the key lacks ` +
        missing.map(({ name }) => name).join(', ')
    : undefined
}

/**
 * Why no unique index could enforce a guard, as the end of a sentence; undefined where nothing
 * stands in the way.
 *
 * @param deferrable names of deferrable indexes on the key, at which ON CONFLICT fails
 */
export async function findObstacle(
  session: Session,
  guard: Guard,
  table: Table,
  parts: readonly InspectedPart[],
  deferrable: readonly string[],
): Promise<string | undefined> {
  if (deferrable.length > 0) {
    return `ON CONFLICT fails at ${deferrable.join(', ')}, which is deferrable`
  }
  const virtual = parts.find(({ columns }) => columns.some((column) => column.virtual))
  if (virtual) return `${virtual.name} is generated when it is read, which no index can hold`
  if (table.inherited) return 'other tables inherit from it, and an index binds each table alone'
  if (parts.length > MAX_INDEX_COLUMNS) {
    return `an index has at most ${MAX_INDEX_COLUMNS} columns, and the key has ${parts.length}`
  }
  return unpartitioned(table, parts) ?? changing(session, guard, table, parts)
}
