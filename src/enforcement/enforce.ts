import { OnceoverError } from '../core/error.ts'
import { scanInspected } from '../duplicates/scan.ts'
import type { ScanReport } from '../duplicates/scan-report.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { createIndex, createKeyFunctions, limitLockWait, lockWriters } from './queries.ts'

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

function refuseInvalid({ guard, coverage }: Inspection) {
  const left = coverage.invalid.find(({ name }) => name === guard.index)
  if (!left) return
  throw new OnceoverError('INDEX_INVALID', {
    message: `The index ${left.name} exists and is invalid: a failed build left it behind.`,
    fix: `DROP INDEX CONCURRENTLY "${left.name}"; then enforce again.`,
    details: { guard: guard.name, index: left.name },
  })
}

async function build(session: Session, inspection: Inspection): Promise<string> {
  const ddl = createIndex(inspection)
  const { guard } = inspection
  for (const statement of createKeyFunctions(inspection)) await session.query(statement)
  await session.query(sql.raw(ddl)).catch((error: unknown) => {
    if (sqlstate(error) !== SQLSTATE.duplicateTable) throw error
    throw new OnceoverError('INDEX_NAME_TAKEN', {
      message: `An index ${guard.index} exists and does not cover the guard ${guard.name}.`,
      details: { guard: guard.name, index: guard.index },
      cause: error,
    })
  })
  return ddl
}

/**
 * Makes the unique index of a guard, where no valid one covers it. Writers wait while it is built:
 * the lock is taken first, so that the duplicates looked for cannot appear in between.
 *
 * @throws OnceoverError DUPLICATES_EXIST listing the largest groups, INDEX_INVALID,
 * INDEX_NAME_TAKEN, RLS_HIDES_ROWS, TIMEOUT where the table stays locked by another for 5 s
 */
export function enforce(database: Database, guard: Guard): Promise<Enforced> {
  return database.transaction(async (handle) => {
    const session = database.within(handle)
    const standing = (inspection: Inspection): Enforced | undefined => {
      const [index] = inspection.coverage.indexes
      return index && { guard: guard.name, index: index.name, created: false, ddl: '' }
    }
    const before = await inspect(session, guard)
    const already = standing(before)
    if (already) return already
    await session.query(limitLockWait())
    await session.query(lockWriters(before))
    // Another process may have built it while this one waited for the lock.
    const inspection = await inspect(session, guard)
    const meanwhile = standing(inspection)
    if (meanwhile) return meanwhile
    refuseInvalid(inspection)
    refuseDuplicates(guard, await scanInspected(session, inspection))
    const ddl = await build(session, inspection)
    return { guard: guard.name, index: guard.index, created: true, ddl }
  })
}
