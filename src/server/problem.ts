import { ERRORS, type ErrorCode, OnceoverError } from '../index.ts'
import { jsonText } from './json.ts'

/** The media type of a problem (RFC 9457). */
export const PROBLEM_JSON = 'application/problem+json'

/** An error as it is answered. */
export interface Problem {
  /** `about:blank#CODE`: each code has a heading in docs/errors.md. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly fix: string
  readonly details?: Readonly<Record<string, unknown>>
}

const STATUSES: Readonly<Record<number, readonly ErrorCode[]>> = {
  400: [
    ...(['USAGE', 'INPUT_INVALID', 'UNIT_INVALID', 'DURATION_INVALID'] as const),
    ...(['ALLOW_NEEDS_REASON', 'COPIES_NOT_DECLARED', 'EXPECTED_MISSING'] as const),
    ...(['NOT_A_DUPLICATE', 'BODY_NOT_JSON'] as const),
  ],
  401: ['TOKEN_REFUSED'],
  403: ['WRITE_REFUSED', 'ORIGIN_REFUSED'],
  404: ['ROUTE_NOT_FOUND', 'GUARD_NOT_FOUND', 'RUN_NOT_FOUND', 'REPAIR_NOT_FOUND'],
  405: ['METHOD_REFUSED'],
  409: [
    ...(['GUARD_BUSY', 'SELECTION_CHANGED', 'ROWS_REJECTED', 'DUPLICATE_KEY'] as const),
    ...(['PLAN_DRIFTED', 'PLAN_EDITED', 'PLAN_FOREIGN', 'REPAIR_REFUSED'] as const),
    ...(['REPAIR_TAKEN', 'REPAIR_BLOCKED', 'REPAIR_UNDONE', 'REPAIR_NOT_APPLIED'] as const),
    ...(['JOURNAL_DROPPED', 'UNDO_BLOCKED', 'UNDO_CONFLICT', 'UNDO_SHAPE_CHANGED'] as const),
    ...(['DUPLICATES_EXIST', 'INDEX_NAME_TAKEN', 'ENFORCE_TIMED_OUT'] as const),
    ...(['ENFORCE_STOPPED', 'GUARD_NOT_ENFORCED', 'GUARD_NOT_ENFORCEABLE'] as const),
    ...(['GUARD_CHANGED', 'GUARD_RENAMED', 'RUN_CANCELLED', 'RLS_HIDES_ROWS'] as const),
    ...(['COLUMN_NOT_FOUND', 'TABLE_NOT_FOUND', 'COLUMN_TYPE_MISMATCH'] as const),
    ...(['TABLE_UNSUPPORTED', 'TABLE_WITHOUT_PRIMARY_KEY', 'KEY_NOT_COMPARABLE'] as const),
    ...(['EXPRESSION_INVALID', 'STEP_NEEDS_RECONCILE', 'ATTEMPTS_EXHAUSTED'] as const),
    // Whoever asked went away: it is no failure of the server.
    'STOPPED',
    ...(['REPLACE_NEEDS_TRANSACTION'] as const),
  ],
  410: ['SELECTION_GONE'],
  413: ['BODY_TOO_LARGE'],
  422: ['MATRIX_TOO_LARGE'],
  421: ['HOST_REFUSED'],
  503: [
    ...(['DATABASE_UNREACHABLE', 'DATABASE_SILENT', 'DATABASE_MISSING'] as const),
    ...(['CONNECTION_LOST', 'POOL_EXHAUSTED', 'TIMEOUT', 'NOT_MIGRATED'] as const),
    ...(['TRANSACTION_CONFLICT', 'COMMIT_UNKNOWN', 'READ_ONLY', 'CLOSED'] as const),
    'AUTHENTICATION_FAILED',
  ],
}

const STATUS_OF: ReadonlyMap<string, number> = new Map(
  Object.entries(STATUSES).flatMap(([status, codes]) =>
    codes.map((code) => [code, Number(status)] as const),
  ),
)

const title = (code: string): string => code.toLowerCase().replaceAll('_', ' ')

const UNSAID: Readonly<Record<number, string>> = {
  500: 'The request failed. What happened stands in the log of the server.',
  503: 'The database cannot answer now. What happened stands in the log of the server.',
}

/**
 * An error as a problem. What is about the request keeps its words; of everything else only the
 * code and its fix are told, because a message may name hosts, statements and values.
 */
export function problemOf(error: unknown): Problem {
  const code: ErrorCode = error instanceof OnceoverError ? error.code : 'UNEXPECTED'
  const status = STATUS_OF.get(code) ?? 500
  const told = error instanceof OnceoverError && status < 500
  return {
    type: `about:blank#${code}`,
    title: title(code),
    status,
    detail: told ? error.message : (UNSAID[status] ?? ''),
    code,
    fix: told ? error.fix : ERRORS[code].fix,
    ...(told && Object.keys(error.details).length > 0 && { details: error.details }),
  }
}

// What PostgreSQL says of a text that is no value of a type, or of one that it has no room for.
const UNREADABLE: ReadonlySet<unknown> = new Set([
  ...['22P02', '22007', '22008', '22003', '22021', '22P05'],
])

/**
 * What was thrown while a request was answered, laid to the request where it is to blame: a value
 * that is none of its type is told by PostgreSQL alone, and is no failure of the server.
 */
export function blamed(error: unknown): unknown {
  if (!(error instanceof OnceoverError) || error.code !== 'QUERY_FAILED') return error
  if (!UNREADABLE.has(error.details.sqlstate)) return error
  return new OnceoverError('INPUT_INVALID', {
    message: 'A value of the request is none of the type that it is compared with.',
    fix: 'GET api/guards/:guard has the parts of the key and their types.',
    cause: error,
  })
}

/** How many seconds a client should wait before it asks a database again that cannot answer. */
const RETRY_AFTER_S = '2'

/** A problem as the answer of a request. */
export const answerProblem = (problem: Problem): Response =>
  new Response(jsonText(problem), {
    status: problem.status,
    headers: {
      'content-type': PROBLEM_JSON,
      ...(problem.status === 503 && { 'retry-after': RETRY_AFTER_S }),
      ...(problem.status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(problem.status === 405 && { allow: String(problem.details?.allow) }),
    },
  })
