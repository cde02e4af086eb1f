import type { Handle, Onceover } from 'onceover'

/** What the functions of this system work with: Onceover to write, a pool (or client) to read. */
export interface Workflow {
  readonly once: Onceover
  readonly pool: Handle
}
