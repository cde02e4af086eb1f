import { OnceoverError } from '../core/error.ts'
import type { UniqueIndex } from '../guards/unique-index.ts'
import { sql } from '../postgres/sql.ts'
import type { Build } from './build.ts'
import { withShortLocks } from './lock-retry.ts'
import { adoptIndexDdl, constraintDdl } from './queries.ts'
import { type Branch, guardIndexName, indexNamed, lookAround } from './standing.ts'

const run = (build: Build, oids: readonly string[], ddl: string): Promise<unknown> => {
  const { session } = build.connections
  return withShortLocks(build.enforcement, session, oids, () => session.query(sql.raw(ddl)), true)
}

/**
 * Makes the constraint of a partitioned table: first on each partition, of the index that stands
 * there; that of the table then takes those for its own and builds none.
 *
 * @returns the DDL that ran
 */
export async function adoptOnPartitions(
  build: Build,
  branches: readonly Branch[],
): Promise<readonly string[]> {
  const { inspection, connections } = build
  const made: string[] = []
  const standing = await lookAround(connections.session, inspection)
  for (const leaf of branches.filter((branch) => branch.leaf)) {
    const index = indexNamed(standing, leaf, guardIndexName(inspection.guard, leaf))
    if (!index?.valid || index.constraint !== null) continue
    const ddl = adoptIndexDdl(leaf.quoted, index.name)
    await run(build, [leaf.oid], ddl)
    made.push(ddl)
  }
  const ddl = constraintDdl(inspection)
  await run(
    build,
    branches.map(({ oid }) => oid),
    ddl,
  )
  return [...made, ddl]
}

/**
 * Makes a constraint of the index that enforces a guard, where it is none.
 *
 * @returns the DDL that ran
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE for the index of a partitioned table, of which
 * PostgreSQL makes no constraint; ENFORCE_TIMED_OUT, ENFORCE_STOPPED
 */
export async function adoptIndex(build: Build, index: UniqueIndex): Promise<readonly string[]> {
  if (index.constraint !== undefined) return []
  const { guard, table } = build.inspection
  if (table.partitioned) {
    throw new OnceoverError('GUARD_NOT_ENFORCEABLE', {
      message:
        `PostgreSQL makes no constraint of the index ${index.name}: ` +
        `${guard.table} is partitioned.`,
      fix: 'Drop the enforcement, then enforce with `constraint` from the start.',
      details: { guard: guard.name, table: guard.table, index: index.name },
    })
  }
  build.enforcement.begin('constraint')
  const ddl = adoptIndexDdl(table.quoted, index.name)
  await run(build, [table.oid], ddl)
  return [ddl]
}
