import { durationMs } from '../core/duration.ts'
import { OnceoverError } from '../core/error.ts'

/** What an enforcement is doing. */
export type EnforceStep =
  | 'turn'
  | 'check'
  | 'key index'
  | 'gate'
  | 'repair'
  | 'build'
  | 'constraint'
  | 'drop'
  | 'clean up'

/** A session that an enforcement waits for. What this role may not see of it is null. */
export interface Blocker {
  readonly pid: number
  readonly user: string | null
  readonly application: string | null
  readonly state: string | null
  /** When its transaction began, in ISO form. */
  readonly since: string | null
  /** The beginning of its statement, or of the last one it ran. */
  readonly query: string | null
}

/** What an enforcement tells of itself while it runs. */
export interface EnforceProgress {
  readonly guard: string
  readonly step: EnforceStep
  /** What PostgreSQL says that it does, in its own words: `building index: scanning table`. */
  readonly phase?: string
  /** Blocks read so far, and of how many, while an index is built. */
  readonly done?: number
  readonly total?: number
  /** Who it waits for. */
  readonly blockers: readonly Blocker[]
}

/** How a guard is enforced. */
export interface EnforceOptions {
  /** True: never by a build that writers wait for, however small the table is. */
  readonly online?: boolean
  /** How long it may take in all, such as `10m`, the default. Repair is not counted. */
  readonly deadline?: string
  /** True: the index also becomes a UNIQUE constraint, where PostgreSQL lets it. */
  readonly constraint?: boolean
  /** Told of the progress a few times a second. */
  readonly onProgress?: (progress: EnforceProgress) => void
  /** Aborted: the enforcement stops and takes back what it began. */
  readonly signal?: AbortSignal
}

/** The same for whoever can repair. */
export interface EnforceWork extends EnforceOptions {
  /**
   * Removes the duplicates that stand. Called once the gate stands, as often as there are any: up
   * to ten times before each build.
   */
  readonly repair?: () => Promise<void>
}

const OPTIONS: ReadonlySet<string> = new Set([
  ...['online', 'deadline', 'constraint', 'onProgress', 'signal', 'repair'],
])

const DEFAULT_DEADLINE = '10m'

/**
 * How long an enforcement may take, in milliseconds.
 *
 * @throws OnceoverError INPUT_INVALID for an unknown option, DURATION_INVALID
 */
export function deadlineMs(options: EnforceWork): number {
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name))
  if (unknown.length > 0) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `enforce has no option ${unknown.join(', ')}.`,
      fix: `Its options are: ${[...OPTIONS].join(', ')}.`,
      details: { unknown },
    })
  }
  const deadline = options.deadline ?? DEFAULT_DEADLINE
  const ms = durationMs(deadline)
  if (ms !== undefined && ms > 0) return ms
  throw new OnceoverError('DURATION_INVALID', {
    message: `The deadline ${JSON.stringify(deadline)} is no length of time.`,
    details: { deadline },
  })
}
