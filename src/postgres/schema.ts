import { OnceoverError } from '../core/error.ts'
import { quoteLiteral } from './identifier.ts'
import type { Migration } from './migrations.ts'
import type { Session } from './session.ts'
import { type Sql, sql } from './sql.ts'

const OLDEST_SERVER = 150_000

/**
 * The first statements of whatever changes our schema: one at a time, until the transaction ends,
 * and with no table of the user's in the way of a name. The number is "onceover" in ASCII.
 */
export const OPENING = `SET LOCAL search_path = pg_catalog, pg_temp;
DO $$ BEGIN PERFORM pg_advisory_xact_lock(8029464472961049970); END $$;`

/** Our schema. Not needed where an administrator has made it for us. */
export const CREATE_SCHEMA = 'CREATE SCHEMA IF NOT EXISTS onceover;'

/** The table of what was applied. It stands outside the numbered files: they are recorded in it. */
export const CREATE_MIGRATION = `CREATE TABLE onceover.migration (
  version    integer PRIMARY KEY,
  name       text NOT NULL,
  checksum   text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE onceover.migration IS
  'The files of sql/ that were applied, with the SHA-256 of their text.';`

/** One migration and the line that records it. */
export const applying = ({ version, name, checksum, text }: Migration): string => `${text}
INSERT INTO onceover.migration (version, name, checksum)
VALUES (${version}, ${quoteLiteral(name)}, ${quoteLiteral(checksum)});`

/** How far our schema is there. */
export interface SchemaState {
  readonly schema: boolean
  /** True where the table of migrations is there too: the schema is ours. */
  readonly ours: boolean
}

// The catalogue answers every role, whatever it may read.
const stateOfSchema: Sql = sql`
  SELECT to_regnamespace('onceover') IS NOT NULL AS schema,
         EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = 'migration'
                 AND relnamespace = to_regnamespace('onceover')) AS ours`

/** Looks whether our schema is there. */
export async function schemaState(session: Session): Promise<SchemaState> {
  const [state] = await session.query<SchemaState>(stateOfSchema)
  return state ?? { schema: false, ours: false }
}

/** True where our schema is there: one look at the catalogue, allowed to every role. */
export async function isMigrated(session: Session): Promise<boolean> {
  return (await schemaState(session)).ours
}

/** A line of onceover.migration. */
export type AppliedMigration = Pick<Migration, 'version' | 'name' | 'checksum'>

const selectApplied: Sql = sql`
  SELECT version, name, checksum FROM onceover.migration ORDER BY version`

/** What was applied so far, oldest first. */
export const appliedMigrations = (session: Session): Promise<readonly AppliedMigration[]> =>
  session.query<AppliedMigration>(selectApplied)

const selectServer: Sql = sql`
  SELECT current_setting('server_version_num')::int AS number,
         current_setting('server_version') AS name`

/**
 * Refuses a server older than PostgreSQL 15.
 *
 * @param oldest lowest server_version_num to accept
 * @throws OnceoverError SERVER_TOO_OLD
 */
export async function requireServer(session: Session, oldest = OLDEST_SERVER): Promise<void> {
  const [server] = await session.query<{ number: number; name: string }>(selectServer)
  if (server && server.number >= oldest) return
  throw new OnceoverError('SERVER_TOO_OLD', {
    message:
      `${session.target} runs PostgreSQL ${server?.name}; ` +
      `${oldest / 10_000} or later is needed.`,
    details: { target: session.target, version: server?.name },
  })
}
