import { OnceoverError } from '../core/error.ts'
import type { ErrorCode } from '../core/error-catalogue.ts'
import { isRetryable, SQLSTATE, sqlstate } from './sqlstates.ts'

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
  [SQLSTATE.cannotConnectNow]: 'DATABASE_UNREACHABLE',
  [SQLSTATE.tooManyConnections]: 'DATABASE_UNREACHABLE',
  [SQLSTATE.noActiveSqlTransaction]: 'HANDLE_NOT_IN_TRANSACTION',
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

const SILENT = /timeout expired|connection timeout|timeout exceeded when trying to connect/i
const LOST = /connection terminated|client has encountered a connection error|not queryable/i

// pg answers a refused connection on a host with two addresses with an AggregateError.
const systemCode = (error: unknown): string | undefined => {
  const { code, errors } = error as { code?: unknown; errors?: readonly unknown[] }
  if (typeof code === 'string') return code
  return errors?.length ? systemCode(errors[0]) : undefined
}

function codeFor(error: unknown): ErrorCode {
  const state = sqlstate(error)
  if (state?.startsWith('08')) return 'CONNECTION_LOST'
  if (isRetryable(error)) return 'TRANSACTION_CONFLICT'
  const known = CODES[state ?? systemCode(error) ?? '']
  if (known) return known
  const message = error instanceof Error ? error.message : String(error)
  if (SILENT.test(message)) return 'DATABASE_SILENT'
  if (LOST.test(message)) return 'CONNECTION_LOST'
  return 'QUERY_FAILED'
}

const wordsOf = (error: unknown): string => {
  const first = (error as { errors?: readonly unknown[] } | undefined)?.errors?.[0]
  const message = error instanceof Error ? error.message || String(first ?? error.name) : error
  return String(message)
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
  const { constraint, detail, table, column } = error as Record<string, unknown>
  const facts = { target, sqlstate: sqlstate(error), constraint, detail, table, column }
  return new OnceoverError(codeFor(error), {
    message: `${target}: ${wordsOf(error)}`,
    details: Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined)),
    cause: error,
  })
}
