import { OnceoverError } from '../core/error.ts'
import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { type Build, isAsWanted } from './build.ts'
import { openConnections } from './connections.ts'
import { clearAway, debrisDdl } from './debris.ts'
import { Enforcement } from './enforcement.ts'
import { askForm } from './form.ts'
import { withShortLocks } from './lock-retry.ts'
import { deadlineMs, type EnforceOptions } from './options.ts'
import { atOnceDdl, dropConstraintDdl, dropIndexDdl } from './queries.ts'
import { inspectNow } from './read-now.ts'
import { type BranchIndex, lookAround, type Standing } from './standing.ts'
import { takeTurn } from './turn.ts'
import { watched } from './watch.ts'

/** How an enforcement is taken back. */
export type UnenforceOptions = Pick<EnforceOptions, 'deadline' | 'onProgress' | 'signal'>

/** What taking an enforcement back came to. */
export interface Unenforced {
  readonly guard: string
  /** The DDL that ran: of the index or its constraint, and of what a killed enforcement left. */
  readonly dropped: readonly string[]
  /** Unique indexes that still cover the guard, under other names: they are not ours to drop. */
  readonly kept: readonly string[]
  /** The SQL that takes away what could not be taken away yet; mostly none. */
  readonly left: readonly string[]
}

const find = (build: Build, { branches, indexes }: Standing): BranchIndex | undefined => {
  const name = build.inspection.guard.index
  return indexes.find(
    (index) =>
      index.table === branches[0]?.oid &&
      index.name === name &&
      isAsWanted(build, { name, unique: true }, index),
  )
}

/** The DDL that drops the index, and whether writers must be kept out of it. */
const dropping = ({ inspection: { table } }: Build, { quoted, constraint }: BranchIndex) => {
  if (constraint !== null) {
    return { ddl: dropConstraintDdl(table.quoted, constraint), locks: true }
  }
  return { ddl: dropIndexDdl(quoted, !table.partitioned), locks: table.partitioned }
}

async function drop(build: Build): Promise<readonly string[]> {
  const { enforcement, connections, inspection } = build
  const { session } = connections
  const standing = await lookAround(session, inspection)
  const index = find(build, standing)
  if (!index) return []
  const { ddl, locks } = dropping(build, index)
  const oids = standing.branches.map(({ oid }) => oid)
  if (locks) {
    await withShortLocks(enforcement, session, oids, () => session.query(sql.raw(ddl)), true)
  } else await watched(enforcement, connections, sql.raw(ddl))
  return [ddl]
}

async function takeBack(database: Database, build: Build): Promise<Unenforced> {
  const { enforcement, inspection } = build
  const dropped = await drop(build)
  const debris = await debrisDdl(build)
  const left = await clearAway(database, build)
  const stays = new Set(left.map(atOnceDdl))
  const { coverage } = await inspectNow(database, enforcement)
  return {
    guard: inspection.guard.name,
    dropped: [...dropped, ...debris.filter((each) => !stays.has(each))],
    kept: coverage.indexes.map(({ name }) => name),
    left,
  }
}

/**
 * Takes the enforcement of a guard back: its constraint or index is dropped, while writers go on
 * where PostgreSQL lets them, and whatever a killed enforcement left. Functions that indexes stand
 * on stay. An index under the guard's name on another key is left alone, and so is one of another
 * name.
 *
 * @throws OnceoverError ENFORCE_TIMED_OUT naming who is in the way, ENFORCE_STOPPED, HANDLE_INVALID
 */
export async function unenforce(
  database: Database,
  guard: Guard,
  options: UnenforceOptions = {},
): Promise<Unenforced> {
  const enforcement = new Enforcement(guard, options, deadlineMs(options))
  enforcement.begin('turn')
  const first = await inspectNow(database, enforcement)
  const connections = await openConnections(database, enforcement)
  try {
    await takeTurn(enforcement, connections, first)
    enforcement.begin('drop')
    const inspection = await inspectNow(database, enforcement)
    const form = await askForm(connections.session, inspection)
    const build = { enforcement, connections, inspection, form }
    try {
      return await takeBack(database, build)
    } catch (error) {
      // An index that was half dropped would cost and promise nothing.
      if (error instanceof OnceoverError) await clearAway(database, build)
      throw error
    }
  } finally {
    await connections.close()
  }
}
