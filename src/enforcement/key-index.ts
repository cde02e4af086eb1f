import { type Build, buildIndex } from './build.ts'
import { beginsWithKey } from './form.ts'
import { type Branch, type BranchIndex, keyIndexName, lookAround } from './standing.ts'

const findsKeys = ({ form }: Build, index: BranchIndex): boolean =>
  index.valid &&
  beginsWithKey(form, index.form) &&
  (index.predicate === null || index.predicate === form.predicate)

/** The branches on which no index finds the rows of a key. */
export async function withoutKeyIndex(build: Build): Promise<readonly Branch[]> {
  const { branches, indexes } = await lookAround(build.connections.session, build.inspection)
  return branches.filter(
    ({ oid, leaf }) =>
      leaf && !indexes.some((index) => index.table === oid && findsKeys(build, index)),
  )
}

/**
 * Builds an index that finds the rows of a key wherever none does: the gate looks for one with
 * every row that is written.
 */
export async function makeKeyIndexes(build: Build): Promise<void> {
  for (const branch of await withoutKeyIndex(build)) {
    const name = keyIndexName(build.inspection.guard, branch)
    await buildIndex(build, branch, { name, unique: false })
  }
}
