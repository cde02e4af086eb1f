import type { Inspection } from '../guards/inspect.ts'
import type { Column, Table } from '../guards/table.ts'
import { uniqueIndexes } from '../guards/unique-index.ts'
import type { Session } from '../postgres/session.ts'
import { answer } from './answer.ts'
import { countDiffering, selectReferences } from './tenant/queries.ts'

/** A column that says whose a row is and that the key lacks, though duplicates differ in it. */
export interface MissingTenant {
  readonly column: string
  /** Duplicate groups whose rows differ in it. */
  readonly groups: number
}

const TENANTS = new Set(
  (
    'tenant org organization organisation account company workspace school branch team shop ' +
    'store merchant clinic hospital practice site realm'
  ).split(' '),
)

const isTenant = (name: string): boolean => {
  const [, stem = ''] = /^(.+?)_?(id|uuid|key|code)$/i.exec(name) ?? []
  return TENANTS.has(stem.toLowerCase())
}

/** The columns that are foreign keys of a table by themselves. */
export async function referencesOf(session: Session, table: Table): Promise<readonly Column[]> {
  const names = await answer<readonly string[]>(session, selectReferences(table.oid))
  return names.flatMap((name) => table.columns.get(name) ?? [])
}

// Where most other keys of the table begin with whose the row is, this one may have forgotten it.
async function inOtherKeys(session: Session, table: Table): Promise<readonly Column[]> {
  const indexes = await uniqueIndexes(session, table)
  const primary = new Set(table.primaryKey.map(({ name }) => name))
  const others = indexes.filter(
    ({ index }) => index.valid && !index.columns.every((name) => primary.has(name)),
  )
  if (others.length === 0) return []
  return (await referencesOf(session, table)).filter(
    ({ name }) =>
      others.filter(({ index }) => index.columns.includes(name)).length * 2 > others.length,
  )
}

/**
 * The columns that the key seems to lack: a NOT NULL column with the name of a tenant's, or a
 * foreign key that most other unique indexes contain, in which the rows of duplicate groups differ.
 */
export async function missingTenants(
  session: Session,
  inspection: Inspection,
): Promise<readonly MissingTenant[]> {
  const { table, parts } = inspection
  const read = new Set(parts.flatMap(({ columns }) => columns.map(({ name }) => name)))
  const named = [...table.columns.values()].filter(({ name, notNull }) => notNull && isTenant(name))
  const likely = [...new Set([...named, ...(await inOtherKeys(session, table))])]
  const lacking = likely.filter(({ name }) => !read.has(name))
  if (lacking.length === 0) return []
  const counts = await answer<readonly number[]>(session, countDiffering(inspection, lacking))
  return lacking
    .map(({ name }, at) => ({ column: name, groups: counts[at] ?? 0 }))
    .filter(({ groups }) => groups > 0)
}
