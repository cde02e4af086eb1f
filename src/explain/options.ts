import type { RowValues } from '../core/verdict.ts'
import type { Guard } from '../guards/guard.ts'

/** What the caller knows besides the error. Each tells causes apart that look alike without it. */
export interface ExplainOptions {
  /** The guards of the application: the one on the table is explained by its key. */
  readonly guards?: readonly Guard[]
  /** The row that was sent, or what is known of it. */
  readonly row?: RowValues
  /** All rows of the request, so that a key that stands in it twice is found. */
  readonly input?: readonly RowValues[]
  /** Id of the run that met the key. */
  readonly run?: string
  /** When the request came in, by the clock of this process: tells a lost race from a retry. */
  readonly startedAt?: Date
  /** The verdict that `preview` gave before anything was made: tells the two apart for certain. */
  readonly foreseen?: string
  /** How long each look at the database may take, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number
}
