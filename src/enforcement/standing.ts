import type { Guard } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Session } from '../postgres/session.ts'
import { inTransaction } from './lock-retry.ts'
import { joinedName } from './names.ts'
import { oidsIn, selectBranches, selectIndexes, spellOut } from './standing/queries.ts'

/** A table or one of its partitions, however deep. */
export interface Branch {
  readonly oid: string
  /** The oid of what it is a partition of; null for the table itself. */
  readonly parent: string | null
  /** True where it holds rows. */
  readonly leaf: boolean
  readonly foreign: boolean
  readonly schema: string
  readonly name: string
  readonly quoted: string
}

/** An index of a branch. */
export interface BranchIndex {
  readonly oid: string
  readonly name: string
  readonly quoted: string
  /** The oid of its branch. */
  readonly table: string
  readonly unique: boolean
  /** Whether it answers queries and refuses duplicates. */
  readonly valid: boolean
  /** Whether it is a part of the index of the branch above. */
  readonly attached: boolean
  readonly building: boolean
  readonly constraint: string | null
  /** Its definition from USING on: the same for every index on the same key. */
  readonly form: string
  readonly predicate: string | null
}

/** The branches of a guarded table, the table itself first, and all their indexes. */
export interface Standing {
  readonly branches: readonly Branch[]
  readonly indexes: readonly BranchIndex[]
}

/** What a guard's own index is called on a branch. */
export const guardIndexName = (guard: Guard, { parent, name }: Branch): string =>
  parent === null ? guard.index : joinedName(name, guard.index)

/** What the index is called that only finds the rows of a key. */
export const keyIndexName = (guard: Guard, branch: Branch): string =>
  joinedName(guardIndexName(guard, branch), 'key')

const withQuoted = <T extends { readonly schema: string; readonly name: string }>(each: T) => ({
  ...each,
  quoted: `${quoteIdentifier(each.schema)}.${quoteIdentifier(each.name)}`,
})

// The transaction has another search path from then on.
async function lookInside(session: Session, oid: string): Promise<Standing> {
  const [row] = await session.query<{ described: string }>(selectBranches(oid))
  const described: Omit<Branch, 'quoted'>[] = JSON.parse(row?.described ?? '[]')
  const branches = described.map(withQuoted)
  await session.query(spellOut)
  const oids = branches.map((branch) => branch.oid)
  const found = await session.query<{ described: string }>(selectIndexes(oidsIn(oids)))
  return { branches, indexes: found.map((each) => withQuoted(JSON.parse(each.described))) }
}

/** Looks at the branches of a table and their indexes, on a session that is in no transaction. */
export const lookAround = (session: Session, { table }: Inspection): Promise<Standing> =>
  inTransaction(session, () => lookInside(session, table.oid))

/** The index of a branch that has a name, if there is one. */
export const indexNamed = (
  { indexes }: Standing,
  branch: Branch,
  name: string,
): BranchIndex | undefined =>
  indexes.find((each) => each.table === branch.oid && each.name === name)
