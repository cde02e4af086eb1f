/**
 * The SQLSTATEs that Onceover acts on, by name.
 * Source: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
 */
export const SQLSTATE = {
  featureNotSupported: '0A000',
  activeSqlTransaction: '25001',
  readOnlySqlTransaction: '25006',
  syntaxError: '42601',
  noActiveSqlTransaction: '25P01',
  inFailedSqlTransaction: '25P02',
  idleInTransactionSessionTimeout: '25P03',
  invalidAuthorization: '28000',
  invalidPassword: '28P01',
  invalidCatalogName: '3D000',
  invalidSchemaName: '3F000',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  insufficientPrivilege: '42501',
  invalidColumnReference: '42P10',
  undefinedColumn: '42703',
  undefinedTable: '42P01',
  undefinedFunction: '42883',
  undefinedObject: '42704',
  invalidObjectDefinition: '42P17',
  duplicateTable: '42P07',
  dependentObjectsStillExist: '2BP01',
  tooManyConnections: '53300',
  programLimitExceeded: '54000',
  tooManyColumns: '54011',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  crashShutdown: '57P02',
  cannotConnectNow: '57P03',
  databaseDropped: '57P04',
  idleSessionTimeout: '57P05',
  notNullViolation: '23502',
  uniqueViolation: '23505',
  exclusionViolation: '23P01',
  cardinalityViolation: '21000',
} as const

// Every SQLSTATE has a digit; EPIPE and our own USAGE have the length but none.
const PATTERN = /^(?=.*\d)[0-9A-Z]{5}$/

const codeOf = (error: object): string | undefined => {
  const { code, meta } = error as { code?: unknown; meta?: { code?: unknown } }
  // Prisma keeps the SQLSTATE in `meta`.
  return [code, meta?.code].find((each): each is string => PATTERN.test(String(each)))
}

/** An error and its causes: an ORM wraps the driver's error, so that may stand some causes down. */
export function* chain(error: unknown): Generator<object> {
  let current = error
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    yield current
    current = (current as { cause?: unknown }).cause
  }
}

/**
 * The SQLSTATE of an error, found on it or on its causes. Undefined where the error did not come
 * from PostgreSQL.
 */
export function sqlstate(error: unknown): string | undefined {
  for (const each of chain(error)) {
    const code = codeOf(each)
    if (code !== undefined) return code
  }
  return undefined
}

/** True where PostgreSQL asks that the whole transaction is run again. */
export function isRetryable(error: unknown): boolean {
  const code = sqlstate(error)
  return code === SQLSTATE.serializationFailure || code === SQLSTATE.deadlockDetected
}

const ROW_CLASSES = new Set(['22', '23', '44', 'P0'])
const ROW_STATES: ReadonlySet<string> = new Set([
  SQLSTATE.programLimitExceeded,
  SQLSTATE.cardinalityViolation,
])
// Whatever SQLSTATE a trigger gives its RAISE, and the policy that a row breaks has that of a
// missing privilege: only the function of the server that raised the error tells.
const ROW_ROUTINES = new Set(['exec_stmt_raise', 'ExecWithCheckOptions'])

/**
 * True where the error is the fault of a row's values and not of the statement or the server:
 * data exceptions (22), constraint violations (23), a view's or a policy's check, too large for an
 * index (54000), and what a trigger raises.
 */
export function isRowFault(error: unknown): boolean {
  const code = sqlstate(error)
  if (code === undefined || isRetryable(error)) return false
  if (ROW_CLASSES.has(code.slice(0, 2)) || ROW_STATES.has(code)) return true
  return [...chain(error)].some(({ routine }: { routine?: unknown }) =>
    ROW_ROUTINES.has(String(routine)),
  )
}
