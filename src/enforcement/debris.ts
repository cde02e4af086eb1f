import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import { sql } from '../postgres/sql.ts'
import { type Build, dropIndex, isAsWanted } from './build.ts'
import { limitLocks } from './connections/queries.ts'
import { openConnections } from './connections.ts'
import { Enforcement } from './enforcement.ts'
import { dropGateDdl, openGateDdl } from './gate/queries.ts'
import { gateStands } from './gate.ts'
import { withShortLocks } from './lock-retry.ts'
import { joinedName } from './names.ts'
import { dropIndexDdl } from './queries.ts'
import {
  type BranchIndex,
  guardIndexName,
  keyIndexName,
  lookAround,
  type Standing,
} from './standing.ts'
import { takeTurn } from './turn.ts'
import { watched } from './watch.ts'

/** What stands of ours that is not meant to stay. */
interface Debris {
  readonly gate: boolean
  readonly indexes: readonly BranchIndex[]
}

const CONCURRENTLY_MS = 3_000

/** Whether the unique index of a guard stands on its table, whoever made it. */
export const isBuilt = (build: Build, { indexes }: Standing): boolean => {
  const { guard, table } = build.inspection
  const wanted = { name: guard.index, unique: true }
  return indexes.some(
    (index) =>
      index.table === table.oid &&
      index.name === wanted.name &&
      index.valid &&
      isAsWanted(build, wanted, index),
  )
}

// An index that was not built to its end, or on some partitions only, costs and promises nothing.
function debrisIndexes(build: Build, standing: Standing): readonly BranchIndex[] {
  const built = isBuilt(build, standing)
  const { guard } = build.inspection
  return standing.branches.flatMap((branch) => {
    const key = { name: keyIndexName(guard, branch), unique: false }
    const unique = { name: guardIndexName(guard, branch), unique: true }
    return standing.indexes.filter((index) => {
      if (index.table !== branch.oid || index.building) return false
      if (index.name === key.name) return isAsWanted(build, key, index)
      if (!isAsWanted(build, unique, index) || index.constraint !== null) return false
      const copied = index.name.startsWith(`${unique.name}_ccnew`) && !index.valid
      return copied || (!built && index.name === unique.name)
    })
  })
}

/** Looks for what stands of ours that is not meant to stay. */
async function findDebris(build: Build): Promise<Debris> {
  const standing = await lookAround(build.connections.session, build.inspection)
  return { gate: (await gateStands(build)) === 'ours', indexes: debrisIndexes(build, standing) }
}

const statementsOf = ({ inspection }: Build, { gate, indexes }: Debris): readonly string[] => [
  ...(gate ? dropGateDdl(inspection) : []),
  ...indexes.map(({ quoted }) => dropIndexDdl(quoted)),
]

// For whoever runs it later, and must not have readers and writers wait behind it.
function laterOf(build: Build, { gate, indexes }: Debris, { branches }: Standing) {
  const leaves = new Set(branches.filter(({ leaf }) => leaf).map(({ oid }) => oid))
  return [
    ...(gate ? dropGateDdl(build.inspection) : []),
    ...indexes.map(({ quoted, table }) => dropIndexDdl(quoted, leaves.has(table))),
  ]
}

/** The DDL that takes away what stands of ours and is not meant to stay. */
export const debrisDdl = async (build: Build): Promise<readonly string[]> =>
  statementsOf(build, await findDebris(build))

async function dropShortly(build: Build, debris: Debris): Promise<void> {
  const { enforcement, connections, inspection } = build
  const { branches } = await lookAround(connections.session, inspection)
  const oids = branches.map(({ oid }) => oid)
  const run = (statements: readonly string[]) =>
    withShortLocks(
      enforcement,
      connections.session,
      oids,
      async () => {
        for (const each of statements) await connections.session.query(sql.raw(each))
      },
      true,
    )
  // On one table it is one lock for everything; partitions are not locked all at once.
  if (branches.length === 1) return run(statementsOf(build, debris))
  // The gate goes last: by it the next enforcement knows that something was left.
  if (debris.gate) await run([openGateDdl(inspection)])
  for (const index of debris.indexes) await dropIndex(build, index)
  if (debris.gate) await run(dropGateDdl(inspection))
}

// Nobody is kept out by either of these, however long readers keep the table locked.
async function dropPatiently(build: Build, debris: Debris): Promise<void> {
  const { connections, inspection } = build
  const { session } = connections
  if (debris.gate) await session.query(sql.raw(openGateDdl(inspection))).catch(() => {})
  for (const { quoted } of debris.indexes) {
    const own = new Enforcement(inspection.guard, {}, CONCURRENTLY_MS)
    await watched(own, connections, sql.raw(dropIndexDdl(quoted, true))).catch(() => {})
  }
}

async function clear(build: Build): Promise<readonly string[]> {
  await build.connections.session.query(limitLocks(build.enforcement.leftMs))
  const debris = await findDebris(build)
  const statements = statementsOf(build, debris)
  if (statements.length === 0) return []
  try {
    await dropShortly(build, debris)
    return []
  } catch {
    await dropPatiently(build, await findDebris(build))
    const standing = await lookAround(build.connections.session, build.inspection)
    return laterOf(build, await findDebris(build), standing)
  }
}

// The unique index is not among them: it may be whole.
const mayStand = (inspection: Inspection): readonly string[] => {
  const { guard, table } = inspection
  const key = quoteIdentifier(joinedName(guard.index, 'key'))
  const index = dropIndexDdl(`${quoteIdentifier(table.schema)}.${key}`, !table.partitioned)
  return [...dropGateDdl(inspection), index]
}

// The connection may be what failed: everything that could stand is looked for on another.
async function clearAnew(database: Database, build: Build): Promise<readonly string[]> {
  const enforcement = build.enforcement.forCleanUp()
  const connections = await openConnections(database, enforcement)
  try {
    await takeTurn(enforcement, connections, build.inspection)
    return await clear({ ...build, enforcement, connections })
  } finally {
    await connections.close()
  }
}

/**
 * Takes away whatever of an enforcement is not meant to stay: gate, key index, and the unique index
 * where it was not finished. It has its own time, and never fails.
 *
 * @returns the SQL that takes away what could not be, for later
 */
export async function clearAway(database: Database, build: Build): Promise<readonly string[]> {
  try {
    return await clear({ ...build, enforcement: build.enforcement.forCleanUp() })
  } catch {
    return clearAnew(database, build).catch(() => mayStand(build.inspection))
  }
}
