import type { Onceover } from 'onceover'
import type { Pool } from 'pg'

/** What this system works with: Onceover for the guarded writes, a pool for its own reads. */
export interface School {
  readonly once: Onceover
  readonly pool: Pool
}
