import type { Door } from '../core/door.ts'
import type { DiscoverOptions, Discovery } from '../duplicates/discover/proposal.ts'
import { discover } from '../duplicates/discover.ts'
import { type Migrations, migrations } from '../enforcement/migrations.ts'
import type { Guard } from '../guards/guard.ts'
import type { Database } from '../postgres/database.ts'

/** What only advises: nothing here changes the database. */
export interface AdviceMethods {
  /** Proposes guards for a whole database, the best first; needs no schema of ours. */
  discover(options?: DiscoverOptions): Promise<Discovery>
  /** Writes the unique index of a guard as SQL, and in the words of Prisma, Drizzle and Knex. */
  migrations(guard: Guard): Promise<Migrations>
}

/** Makes the methods on one database. */
export const adviceMethods = (database: Database, door: Door): AdviceMethods => {
  return {
    discover: async (options = {}) => {
      door.enter([], options)
      return discover(database, options)
    },
    migrations: async (guard) => {
      door.enter([guard])
      return migrations(database, guard)
    },
  }
}
