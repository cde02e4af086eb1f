import { OnceoverError } from '../core/error.ts'
import type { Database } from './database.ts'
import { alteredBy, lockTables } from './lock-tables.ts'
import { type Migration, readMigrations } from './migrations.ts'
import {
  type AppliedMigration,
  appliedMigrations,
  applying,
  CREATE_MIGRATION,
  CREATE_SCHEMA,
  OPENING,
  requireServer,
  schemaState,
} from './schema.ts'
import type { Session } from './session.ts'
import { sql } from './sql.ts'

/** What a migration did. */
export interface Migrated {
  /** The version before: 0 where the schema did not exist. */
  readonly from: number
  readonly to: number
  /** Names of the migrations applied now: `['001_schema']`. */
  readonly applied: readonly string[]
}

/**
 * Refuses a database that a newer package migrated.
 *
 * @throws OnceoverError MIGRATION_NEWER
 */
export function refuseNewer(
  applied: readonly AppliedMigration[],
  known: readonly Migration[],
  target: string,
): void {
  const version = applied.at(-1)?.version ?? 0
  if (version <= known.length) return
  throw new OnceoverError('MIGRATION_NEWER', {
    message: `${target} is at version ${version}; this package knows ${known.length} at most.`,
    details: { target, version, known: known.length },
  })
}

// A released migration never changes: another text under the same number is another product.
function refuseChanged(
  applied: readonly AppliedMigration[],
  known: readonly Migration[],
  target: string,
): void {
  const changed = applied.find(({ version, checksum }) => known[version - 1]?.checksum !== checksum)
  if (!changed) return
  throw new OnceoverError('MIGRATION_FAILED', {
    message: `${changed.name} was applied to ${target} with another text than this package has.`,
    fix: 'Use the package that migrated the database, or uninstall its schema and migrate again.',
    details: { target, version: changed.version, checksum: changed.checksum },
  })
}

async function apply(session: Session, name: string, text: string): Promise<void> {
  try {
    await session.query(sql.raw(text))
  } catch (error) {
    // What has a code of its own (read-only, not permitted, connection lost) keeps it.
    if (!(error instanceof OnceoverError) || error.code !== 'QUERY_FAILED') throw error
    throw new OnceoverError('MIGRATION_FAILED', {
      message: `Migration ${name} failed on ${error.message}`,
      details: { ...error.details, migration: name },
      cause: error.cause,
    })
  }
}

async function ahead(session: Session): Promise<Migrated> {
  await session.query(sql.raw(OPENING))
  const known = await readMigrations()
  const { schema, ours } = await schemaState(session)
  const applied = ours ? await appliedMigrations(session) : []
  refuseNewer(applied, known, session.target)
  refuseChanged(applied, known, session.target)
  if (!schema) await apply(session, 'of the schema', CREATE_SCHEMA)
  if (!ours) await apply(session, 'of the table of migrations', CREATE_MIGRATION)
  const pending = known.slice(applied.length)
  await lockTables(session, alteredBy(pending.map(({ text }) => text)))
  for (const migration of pending) await apply(session, migration.name, applying(migration))
  return { from: applied.length, to: known.length, applied: pending.map(({ name }) => name) }
}

/**
 * Brings the schema `onceover` to this package's version: forwards only, in one transaction, under
 * a lock, so that any number of processes may start at once. Does nothing where nothing is missing.
 *
 * @throws OnceoverError SERVER_TOO_OLD, MIGRATION_NEWER, MIGRATION_FAILED, READ_ONLY,
 * PERMISSION_DENIED
 */
export function migrate(database: Database): Promise<Migrated> {
  return database.transaction(async (handle) => {
    const session = database.within(handle)
    await requireServer(session)
    return ahead(session)
  })
}

/**
 * The DDL that `migrate` runs on an empty database, as a script for psql: one transaction, the same
 * lock, the same records. On a migrated database it fails and changes nothing.
 */
export async function migrationSql(): Promise<string> {
  const migrations = await readMigrations()
  const bodies = migrations.map((migration) => `-- ${migration.name}\n${applying(migration)}`)
  return `${[
    `-- The schema of Onceover, version ${migrations.length}, for a database that has none yet.
-- psql --set ON_ERROR_STOP=1 --file THIS_FILE`,
    `BEGIN;\n${OPENING}`,
    `${CREATE_SCHEMA}\n${CREATE_MIGRATION}`,
    ...bodies,
    'COMMIT;',
  ].join('\n\n')}\n`
}
