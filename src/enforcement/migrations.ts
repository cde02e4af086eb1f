import type { Guard } from '../guards/guard.ts'
import { inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { conflictText } from './migrations/conflict.ts'
import { drizzleIndex } from './migrations/drizzle.ts'
import { knexMigration } from './migrations/knex.ts'
import { plainSql } from './migrations/plain-sql.ts'
import { prismaSchema } from './migrations/prisma.ts'
import { refuseObstacle } from './refusals.ts'

/** The unique index of a guard in the words of other tools. */
export interface Migrations {
  /** The `ON CONFLICT (…) WHERE …` with which an INSERT leaves the decision to the index. */
  readonly conflict: string
  /** SQL, up and down. */
  readonly sql: string
  /** A line of the Prisma schema, or migrations in SQL where that cannot say it. */
  readonly prisma: string
  /** The index in a table of Drizzle, or a custom migration. */
  readonly drizzle: string
  /** A migration of Knex, up and down. */
  readonly knex: string
}

/**
 * Writes the unique index of a guard as a migration of whoever keeps the schema otherwise. Runs
 * nothing: the database is only asked what the columns are.
 *
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE, and what the inspection of a guard throws
 */
export async function migrations(database: Database, guard: Guard): Promise<Migrations> {
  const inspection = await database.read((session) => inspect(session, guard))
  refuseObstacle(inspection)
  return {
    conflict: conflictText(inspection),
    sql: plainSql(inspection),
    prisma: prismaSchema(inspection),
    drizzle: drizzleIndex(inspection),
    knex: knexMigration(inspection),
  }
}
