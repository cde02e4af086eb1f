import { OnceoverError } from '../core/error.ts'
import { sql } from '../postgres/sql.ts'
import { type Build, buildIndex, isAsWanted } from './build.ts'
import { adoptOnPartitions } from './constraint.ts'
import { isBuilt } from './debris.ts'
import { withShortLocks } from './lock-retry.ts'
import { attachDdl, indexDdl } from './queries.ts'
import { nameTaken } from './refusals.ts'
import { type Branch, guardIndexName, indexNamed, lookAround } from './standing.ts'

const ROUNDS = 5

/**
 * Refuses a table of which a part is kept by another server: no index here binds it.
 *
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE
 */
export function refuseForeign({ inspection }: Build, branches: readonly Branch[]): void {
  const foreign = branches.find((branch) => branch.foreign)
  if (!foreign) return
  const { guard } = inspection
  throw new OnceoverError('GUARD_NOT_ENFORCEABLE', {
    message: `No unique index can enforce the guard ${guard.name}: ${foreign.quoted} is foreign.`,
    details: { guard: guard.name, table: guard.table, partition: foreign.quoted },
  })
}

// Made without the partitions' indexes, it reads no row; it is invalid until it has them all.
async function makeParents(build: Build, branches: readonly Branch[]): Promise<readonly string[]> {
  const { enforcement, connections, inspection } = build
  const made: string[] = []
  for (const branch of branches.filter(({ leaf }) => !leaf)) {
    const name = guardIndexName(inspection.guard, branch)
    const found = indexNamed(await lookAround(connections.session, inspection), branch, name)
    if (found && !isAsWanted(build, { name, unique: true }, found)) {
      throw nameTaken(inspection.guard, name)
    }
    if (found) continue
    const ddl = indexDdl(inspection, { name, on: branch.quoted, unique: true, only: true })
    await withShortLocks(enforcement, connections.session, [branch.oid], () =>
      connections.session.query(sql.raw(ddl)),
    )
    made.push(ddl)
  }
  return made
}

// The deepest first: an index has all its parts before it becomes one itself.
async function attach(build: Build, branches: readonly Branch[]): Promise<readonly string[]> {
  const { enforcement, connections, inspection } = build
  const made: string[] = []
  for (const branch of [...branches].reverse()) {
    const above = branches.find(({ oid }) => oid === branch.parent)
    if (!above) continue
    const now = await lookAround(connections.session, inspection)
    const child = indexNamed(now, branch, guardIndexName(inspection.guard, branch))
    const parent = indexNamed(now, above, guardIndexName(inspection.guard, above))
    // PostgreSQL would take an invalid one, too.
    if (!(child?.valid && parent) || child.attached) continue
    const ddl = attachDdl(parent.quoted, child.quoted)
    await withShortLocks(
      enforcement,
      connections.session,
      [branch.oid],
      () => connections.session.query(sql.raw(ddl)),
      true,
    )
    made.push(ddl)
  }
  return made
}

/**
 * Builds the unique index of a guard while writers go on: on each partition, then above them. A
 * partition that is added meanwhile is built in a further round.
 *
 * @returns the DDL that ran
 * @throws OnceoverError as `buildIndex` does
 */
export async function buildUnique(build: Build): Promise<readonly string[]> {
  const { connections, enforcement, inspection } = build
  const made: (string | undefined)[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { branches } = await lookAround(connections.session, inspection)
    for (const leaf of branches.filter((branch) => branch.leaf)) {
      const name = guardIndexName(inspection.guard, leaf)
      made.push(await buildIndex(build, leaf, { name, unique: true }))
    }
    if (inspection.table.partitioned && enforcement.work.constraint) {
      made.push(...(await adoptOnPartitions(build, branches)))
    } else {
      made.push(...(await makeParents(build, branches)), ...(await attach(build, branches)))
    }
    if (isBuilt(build, await lookAround(connections.session, inspection))) break
  }
  return made.flatMap((ddl) => ddl ?? [])
}
