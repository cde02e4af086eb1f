import { OnceoverError } from '../core/error.ts'
import { scanInspected } from '../duplicates/scan.ts'
import type { ScanReport } from '../duplicates/scan-report.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import { type Database, endWithTheClient } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { makeKeyFunctions } from './key-functions.ts'
import {
  awaitTurnOnTable,
  createIndex,
  limitLockWait,
  lockWriters,
  waitForLocks,
} from './queries.ts'

/** What enforcing a guard came to. */
export interface Enforced {
  readonly guard: string
  /** Name of the unique index that covers the guard. */
  readonly index: string
  /** False where an index, whatever its name, covered the guard already. */
  readonly created: boolean
  /** The DDL that ran; empty where none was needed. */
  readonly ddl: string
}

const describe = ({ duplicates }: ScanReport): string =>
  duplicates.largest
    .slice(0, 3)
    .map(({ key, rows }) => `${JSON.stringify(key)} × ${rows}`)
    .join('; ')

function refuseDuplicates(guard: Guard, report: ScanReport) {
  const { groups, excess, largest } = report.duplicates
  if (groups === 0) return
  throw new OnceoverError('DUPLICATES_EXIST', {
    message:
      `${guard.table} holds ${groups} duplicate keys of the guard ${guard.name} with ${excess} ` +
      `excess rows, so no unique index can be built: ${describe(report)}` +
      `${groups > 3 ? '; …' : ''}.`,
    details: { guard: guard.name, groups, excess, largest },
  })
}

function refuseObstacle({ guard, coverage: { obstacle } }: Inspection) {
  if (obstacle === undefined) return
  throw new OnceoverError('GUARD_NOT_ENFORCEABLE', {
    message: `No unique index can enforce the guard ${guard.name}: ${obstacle}.`,
    details: { guard: guard.name, table: guard.table, obstacle },
  })
}

function refuseInvalid({ guard, coverage }: Inspection) {
  const left = coverage.invalid.find(({ name }) => name === guard.index)
  if (!left) return
  throw new OnceoverError('INDEX_INVALID', {
    message: left.building
      ? `The index ${left.name} is being built by another session.`
      : `The index ${left.name} exists and is invalid: a failed build left it behind.`,
    fix: left.building
      ? 'Wait until it is done, then enforce again.'
      : `DROP INDEX ${left.partitioned ? '' : 'CONCURRENTLY '}${left.quoted}; then enforce again.`,
    details: { guard: guard.name, index: left.name, building: left.building },
  })
}

const IMPOSSIBLE: ReadonlySet<string | undefined> = new Set([
  SQLSTATE.featureNotSupported,
  SQLSTATE.invalidObjectDefinition,
  SQLSTATE.undefinedObject,
  SQLSTATE.tooManyColumns,
])

function buildFailure(guard: Guard, error: unknown): unknown {
  const state = sqlstate(error)
  const details = { guard: guard.name, table: guard.table, index: guard.index }
  const cause = error instanceof OnceoverError ? (error.cause ?? error) : error
  const words = cause instanceof Error ? cause.message : String(cause)
  if (state === SQLSTATE.duplicateTable) {
    const message = `An index ${guard.index} exists and does not cover the guard ${guard.name}.`
    return new OnceoverError('INDEX_NAME_TAKEN', { message, details, cause: error })
  }
  const message = `PostgreSQL cannot build the index of the guard ${guard.name}: ${words}.`
  if (state === SQLSTATE.programLimitExceeded) {
    const fix = "Make the long part a hash of itself: expression('md5(body)')."
    return new OnceoverError('GUARD_NOT_ENFORCEABLE', { message, fix, details, cause: error })
  }
  if (!IMPOSSIBLE.has(state)) return error
  return new OnceoverError('GUARD_NOT_ENFORCEABLE', { message, details, cause: error })
}

async function build(session: Session, inspection: Inspection): Promise<string> {
  const functions = await makeKeyFunctions(session, inspection)
  const index = createIndex(inspection)
  await session.query(sql.raw(index)).catch((error: unknown) => {
    throw buildFailure(inspection.guard, error)
  })
  return [...functions, index].join(';\n')
}

const standing = ({ guard, coverage }: Inspection): Enforced | undefined => {
  const [index] = coverage.enforced ? coverage.indexes : []
  return index && { guard: guard.name, index: index.name, created: false, ddl: '' }
}

/**
 * Makes the unique index of a guard, where no valid one covers it. Writers wait while it is built:
 * the lock is taken first, so that the duplicates looked for cannot appear in between. Whoever
 * enforces at the same time waits for the first, and then finds its index.
 *
 * @throws OnceoverError DUPLICATES_EXIST listing the largest groups, GUARD_NOT_ENFORCEABLE,
 * INDEX_INVALID, INDEX_NAME_TAKEN, RLS_HIDES_ROWS, TIMEOUT where the table stays locked by another
 * for 5 s
 */
export function enforce(database: Database, guard: Guard): Promise<Enforced> {
  return database.transaction(async (handle) => {
    const session = database.within(handle)
    await session.query(endWithTheClient)
    await session.query(limitLockWait())
    const before = await inspect(session, guard)
    const already = standing(before)
    if (already) return already
    refuseObstacle(before)
    refuseInvalid(before)
    await session.query(waitForLocks())
    await session.query(awaitTurnOnTable(before))
    await session.query(limitLockWait())
    const meanwhile = standing(await inspect(session, guard))
    if (meanwhile) return meanwhile
    await session.query(lockWriters(before))
    const inspection = await inspect(session, guard)
    refuseInvalid(inspection)
    refuseDuplicates(guard, await scanInspected(session, inspection))
    const ddl = await build(session, inspection)
    return { guard: guard.name, index: guard.index, created: true, ddl }
  })
}
