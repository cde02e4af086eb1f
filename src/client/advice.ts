import type { Door } from '../core/door.ts'
import type { DiscoverOptions, Discovery } from '../duplicates/discover/proposal.ts'
import { discover } from '../duplicates/discover.ts'
import type { Database } from '../postgres/database.ts'

/** What only advises: nothing here changes the database. */
export interface AdviceMethods {
  /** Proposes guards for a whole database, the best first; needs no schema of ours. */
  discover(options?: DiscoverOptions): Promise<Discovery>
}

/** Makes the methods on one database. */
export const adviceMethods = (database: Database, door: Door): AdviceMethods => {
  return {
    discover: async (options = {}) => {
      door.enter([], options)
      return discover(database, options)
    },
  }
}
