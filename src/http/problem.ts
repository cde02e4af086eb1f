import {
  type CauseName,
  type Explanation,
  type Guard,
  isDuplicate,
  type Onceover,
  OnceoverError,
  type RowValues,
  rejectedVerdicts,
  type Verdict,
} from '../index.ts'

/** How duplicates are answered. */
export interface DuplicatesOptions {
  /** Explains the error of a driver; without it only Onceover's own errors are answered. */
  readonly once?: Pick<Onceover, 'explain'>
  /** The guards of the application, for the explanation. */
  readonly guards?: readonly Guard[]
  /** What `type` starts with, before the code: a page of your own. Default `about:blank#`. */
  readonly types?: string
  /** Whether to name the row that stands, by its primary key. Default true. */
  readonly existing?: boolean
}

/** One row of an input that was rejected. */
export interface RejectedRow {
  readonly index: number
  readonly verdict: string
  /** The primary key of the row that stands. */
  readonly existing?: RowValues
  /** The index of the first row with the same key. */
  readonly firstIndex?: number
}

/** A duplicate as problem details (RFC 9457). Nothing in it is SQL or a name of the schema. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: 409
  readonly detail: string
  /** The code of the catalogue. */
  readonly code: 'DUPLICATE_KEY' | 'ROWS_REJECTED'
  /** The primary key of the row that stands. */
  readonly existing?: RowValues
  readonly cause?: CauseName
  readonly fix: string
  readonly rows?: readonly RejectedRow[]
}

/** The media type of a problem. */
export const PROBLEM_JSON = 'application/problem+json'

const WORDS: Readonly<Record<CauseName, readonly [detail: string, fix: string]>> = {
  overlapping_ranges: ['It overlaps another.', 'Choose a range that is free.'],
  missing_key_part: ['A part of the key is missing.', 'Send every part of the key.'],
  fallback_value: [
    'A value of the key stands in for one that was not passed on.',
    'Send the true value.',
  ],
  narrower_constraint: [
    'An older rule refuses it, although its key is free.',
    'Report it: the rule is too strict.',
  ],
  repeated_in_input: ['The same key stands twice in the request.', 'Send each key once.'],
  lost_race: ['Another request made the same at the same time.', 'Nothing to do: use what stands.'],
  retry_of_done_work: ['This was made before.', 'Nothing to do: use what stands.'],
}

const UNEXPLAINED = ['This key is taken.', 'Use what stands, or send another key.'] as const

const problem = (
  { types = 'about:blank#', existing = true }: DuplicatesOptions,
  code: Problem['code'],
  told: Explanation | undefined,
  more: Partial<Problem> = {},
): Problem => {
  const [detail, fix] = told ? WORDS[told.cause] : UNEXPLAINED
  return {
    type: `${types}${code}`,
    title: code.toLowerCase().replaceAll('_', ' '),
    status: 409,
    detail,
    code,
    ...(existing && told?.existingId && { existing: told.existingId }),
    ...(told && { cause: told.cause }),
    fix,
    ...more,
  }
}

// Somebody waits for the answer.
const LONGEST_LOOK_MS = 2_000

// An explanation adds to the answer; that there is none changes nothing about the duplicate.
async function explained(error: unknown, options: DuplicatesOptions, startedAt: Date | undefined) {
  try {
    return await options.once?.explain(error, {
      guards: options.guards ?? [],
      timeoutMs: LONGEST_LOOK_MS,
      ...(startedAt && { startedAt }),
    })
  } catch {
    return undefined
  }
}

const REJECTED: readonly string[] = ['skipped', 'collided']

// The columns of the primary key, as the error names them; what it does not name is not passed on.
function primaryKeyIn(error: unknown): readonly string[] {
  const names = error instanceof OnceoverError ? error.details.primaryKey : undefined
  return Array.isArray(names) ? names : []
}

const asRow = (
  { index, verdict, existing, firstIndex }: Verdict,
  primaryKey: readonly string[],
): RejectedRow => ({
  index,
  verdict,
  ...(existing &&
    primaryKey.length > 0 && {
      existing: Object.fromEntries(primaryKey.map((name) => [name, existing[name]])),
    }),
  ...(firstIndex !== undefined && { firstIndex }),
})

function rejected(
  error: unknown,
  verdicts: readonly Verdict[],
  options: DuplicatesOptions,
  told: Explanation | undefined,
): Problem {
  const primaryKey = options.existing === false ? [] : primaryKeyIn(error)
  const rows = verdicts
    .filter(({ verdict }) => REJECTED.includes(verdict))
    .map((verdict) => asRow(verdict, primaryKey))
  const some = rows.length === 1 ? 'One row has a key' : `${rows.length} rows have a key`
  const detail = `${some} that is taken or stands twice, so nothing was written.`
  return problem(options, 'ROWS_REJECTED', told, { detail, rows })
}

// An application that gave an error a status of its own has decided what to answer.
const isAnswered = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  !(error instanceof OnceoverError) &&
  ['status', 'statusCode', 'getResponse'].some((name) => Reflect.get(error, name) !== undefined)

/**
 * A duplicate as a problem: an input that `reject` refused, or, where there is `once` to explain it
 * with, the refusal of a unique or exclusion constraint.
 *
 * @param startedAt when the request came in: tells a lost race from a retry
 * @returns undefined for every other error, and for one that has an HTTP status already
 */
export async function duplicateProblem(
  error: unknown,
  options: DuplicatesOptions,
  startedAt?: Date,
): Promise<Problem | undefined> {
  if (isAnswered(error)) return undefined
  const verdicts = rejectedVerdicts(error)
  if (verdicts) {
    if (!verdicts.some(({ verdict }) => REJECTED.includes(verdict))) return undefined
    return rejected(error, verdicts, options, await explained(error, options, startedAt))
  }
  if (!options.once || !isDuplicate(error)) return undefined
  return problem(options, 'DUPLICATE_KEY', await explained(error, options, startedAt))
}
