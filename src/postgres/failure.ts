import { OnceoverError } from '../core/error.ts'
import type { ErrorCode } from '../core/error-catalogue.ts'
import { chain, isRetryable, SQLSTATE, sqlstate } from './sqlstates.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  [SQLSTATE.invalidPassword]: 'AUTHENTICATION_FAILED',
  [SQLSTATE.invalidAuthorization]: 'AUTHENTICATION_FAILED',
  [SQLSTATE.invalidCatalogName]: 'DATABASE_MISSING',
  [SQLSTATE.readOnlySqlTransaction]: 'READ_ONLY',
  [SQLSTATE.insufficientPrivilege]: 'PERMISSION_DENIED',
  [SQLSTATE.queryCanceled]: 'TIMEOUT',
  [SQLSTATE.lockNotAvailable]: 'TIMEOUT',
  [SQLSTATE.adminShutdown]: 'CONNECTION_LOST',
  [SQLSTATE.crashShutdown]: 'CONNECTION_LOST',
  [SQLSTATE.databaseDropped]: 'CONNECTION_LOST',
  [SQLSTATE.idleSessionTimeout]: 'CONNECTION_LOST',
  [SQLSTATE.idleInTransactionSessionTimeout]: 'CONNECTION_LOST',
  [SQLSTATE.cannotConnectNow]: 'DATABASE_UNREACHABLE',
  [SQLSTATE.tooManyConnections]: 'DATABASE_UNREACHABLE',
  [SQLSTATE.noActiveSqlTransaction]: 'HANDLE_NOT_IN_TRANSACTION',
  [SQLSTATE.inFailedSqlTransaction]: 'TRANSACTION_ABORTED',
  ECONNREFUSED: 'DATABASE_UNREACHABLE',
  ENOTFOUND: 'DATABASE_UNREACHABLE',
  EAI_AGAIN: 'DATABASE_UNREACHABLE',
  EHOSTUNREACH: 'DATABASE_UNREACHABLE',
  ENETUNREACH: 'DATABASE_UNREACHABLE',
  ENOENT: 'DATABASE_UNREACHABLE',
  ETIMEDOUT: 'DATABASE_SILENT',
  ECONNRESET: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
}

const TLS = /does not support SSL|certificate|SSL connection|TLS/i
const NO_PASSWORD = /client password must be a string/i
const EXHAUSTED = /timeout exceeded when trying to connect/i
const SILENT = /timeout expired|connection timeout/i
const READ_TIMEOUT = /^query read timeout$/i
const LOST = /connection terminated|client has encountered a connection error|not queryable/i

// pg answers a refused connection on a host with two addresses with an AggregateError.
const firstOf = (error: unknown): unknown =>
  error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error

const codeOf = (error: unknown): string => {
  const code = typeof error === 'object' && error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error)

/**
 * True where the client gave up waiting (`query_timeout` of pg): the statement may still run, and
 * whatever comes after it on that connection waits.
 */
export const isReadTimeout = (error: unknown): boolean =>
  [...chain(error)].some((each) => READ_TIMEOUT.test(wordsOf(each)))

function codeFor(error: unknown): ErrorCode {
  const state = sqlstate(error)
  if (state?.startsWith('08')) return 'CONNECTION_LOST'
  if (isRetryable(error)) return 'TRANSACTION_CONFLICT'
  const known = CODES[state ?? codeOf(error)]
  if (known) return known
  if (state !== undefined) return 'QUERY_FAILED'
  const words = wordsOf(error)
  if (EXHAUSTED.test(words)) return 'POOL_EXHAUSTED'
  if (READ_TIMEOUT.test(words)) return 'TIMEOUT'
  if (SILENT.test(words)) return 'DATABASE_SILENT'
  if (LOST.test(words)) return 'CONNECTION_LOST'
  if (NO_PASSWORD.test(words)) return 'AUTHENTICATION_FAILED'
  return TLS.test(words) ? 'DATABASE_UNREACHABLE' : 'QUERY_FAILED'
}

const FACTS = ['constraint', 'detail', 'table', 'column'] as const

const factsOf = (error: unknown, target: string): Record<string, unknown> => {
  const given = typeof error === 'object' && error !== null ? error : {}
  const facts = FACTS.map((name) => [name, Reflect.get(given, name)])
  const all = [['target', target], ['sqlstate', sqlstate(error)], ...facts]
  return Object.fromEntries(all.filter(([, fact]) => fact !== undefined))
}

/**
 * The error of a driver as an OnceoverError: its code from the SQLSTATE or the system's code, the
 * driver's error as `cause`, and `sqlstate`, `constraint` and `detail` in `details`. An
 * OnceoverError is returned as it is.
 *
 * @param target masked target of the connection, named in the message
 */
export function failure(error: unknown, target: string): OnceoverError {
  if (error instanceof OnceoverError) return error
  const first = firstOf(error)
  return new OnceoverError(codeFor(first), {
    message: `${target}: ${wordsOf(first)}`,
    details: factsOf(first, target),
    cause: error,
  })
}
