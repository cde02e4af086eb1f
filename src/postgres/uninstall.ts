import { OnceoverError } from '../core/error.ts'
import type { Database } from './database.ts'
import { refuseNewer } from './migrate.ts'
import { readMigrations, readUninstall } from './migrations.ts'
import { appliedMigrations, OPENING, schemaState } from './schema.ts'
import { sql } from './sql.ts'
import { SQLSTATE } from './sqlstates.ts'

/** What an uninstallation did. */
export interface Uninstalled {
  /** False where there was nothing of ours. */
  readonly removed: boolean
}

// Whoever waits for an exclusive lock makes every insert wait behind it: rather give up and say so.
const HURRY = "SET LOCAL lock_timeout = '2s'"

function blocked(error: unknown, target: string): unknown {
  if (!(error instanceof OnceoverError)) return error
  if (error.details.sqlstate === SQLSTATE.lockNotAvailable) {
    return new OnceoverError('TIMEOUT', {
      message: `Open transactions on ${target} use the tables of onceover: nothing was removed.`,
      fix: 'End the open transactions, or wait for them, and run it again.',
      details: error.details,
      cause: error.cause,
    })
  }
  if (error.details.sqlstate !== SQLSTATE.dependentObjectsStillExist) return error
  const dependents = String(error.details.detail ?? '').split('\n')
  return new OnceoverError('UNINSTALL_BLOCKED', {
    message: `Objects on ${target} that are not ours depend on ours: ${dependents.join('; ')}.`,
    details: { target, dependents },
    cause: error.cause,
  })
}

/**
 * Drops the schema `onceover`: our tables, our function, and nothing else. Tables of the user's,
 * their indexes and the key functions beside them stay. All or nothing.
 *
 * @throws OnceoverError UNINSTALL_BLOCKED where objects of somebody else depend on ours,
 * MIGRATION_NEWER, READ_ONLY, PERMISSION_DENIED, TIMEOUT
 */
export function uninstall(database: Database): Promise<Uninstalled> {
  const { target } = database
  return database.transaction(async (handle) => {
    const session = database.within(handle)
    await session.query(sql.raw(OPENING))
    if (!(await schemaState(session)).ours) return { removed: false }
    refuseNewer(await appliedMigrations(session), await readMigrations(), target)
    await session.query(sql.raw(HURRY))
    await session.query(sql.raw(await readUninstall())).catch((error: unknown) => {
      throw blocked(error, target)
    })
    return { removed: true }
  })
}
