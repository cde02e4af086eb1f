import { causeOf, OnceoverError } from '../core/error.ts'
import { scanInspected } from '../duplicates/scan.ts'
import type { ScanReport } from '../duplicates/scan-report.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { Enforcement } from './enforcement.ts'
import { selectReadOnly } from './queries.ts'
import { readNow } from './read-now.ts'

const describe = ({ duplicates }: ScanReport): string =>
  duplicates.largest
    .slice(0, 3)
    .map(({ key, rows }) => `${JSON.stringify(key)} × ${rows}`)
    .join('; ')

/**
 * Refuses a guard whose table holds duplicates, and lists them.
 *
 * @throws OnceoverError DUPLICATES_EXIST
 */
function refuseDuplicates(guard: Guard, report: ScanReport): void {
  const { groups, excess, largest } = report.duplicates
  if (groups === 0) return
  throw new OnceoverError('DUPLICATES_EXIST', {
    message:
      `${guard.table} holds ${groups} duplicate keys of the guard ${guard.name} with ${excess} ` +
      `excess rows, so no unique index can be built: ${describe(report)}` +
      `${groups > 3 ? '; …' : ''}.`,
    fix: `Remove the duplicates first: \`onceover repair ${guard.name} --plan FILE\` plans it.`,
    details: { guard: guard.name, groups, excess, largest },
  })
}

/** The same from a scan of its own. Where it finds none, they are gone again. */
export const listDuplicates = (database: Database, enforcement: Enforcement): Promise<void> =>
  readNow(database, enforcement, async (session) => {
    const { guard } = enforcement
    refuseDuplicates(guard, await scanInspected(session, await inspect(session, guard)))
  })

/**
 * Refuses a guard that no unique index could enforce.
 *
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE
 */
export function refuseObstacle({ guard, coverage: { obstacle } }: Inspection): void {
  if (obstacle === undefined) return
  throw new OnceoverError('GUARD_NOT_ENFORCEABLE', {
    message: `No unique index can enforce the guard ${guard.name}: ${obstacle}.`,
    details: { guard: guard.name, table: guard.table, obstacle },
  })
}

/**
 * Refuses a table of which this role sees a part only: so would the gate, which runs as this role.
 *
 * @throws OnceoverError RLS_HIDES_ROWS
 */
export function refuseHidden({ guard, table }: Inspection): void {
  if (!table.rowSecurity) return
  throw new OnceoverError('RLS_HIDES_ROWS', {
    message: `Row-level security hides rows of ${guard.table} from this role, and from its gate.`,
    details: { guard: guard.name, table: guard.table },
  })
}

/**
 * Refuses a constraint where PostgreSQL can make none of the guard's index.
 *
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE
 */
export function refuseConstraint({ guard, parts }: Inspection): void {
  const computed = parts.find(({ encoding, column }) => encoding.indexed !== column?.quoted)
  const why = guard.where
    ? 'a constraint binds all rows, and the guard has a `where`'
    : computed && `a constraint holds columns only, and the part ${computed.name} is computed`
  if (!why) return
  throw new OnceoverError('GUARD_NOT_ENFORCEABLE', {
    message: `No constraint can enforce the guard ${guard.name}: ${why}.`,
    fix: 'Leave `constraint` out: the unique index enforces the guard all the same.',
    details: { guard: guard.name, table: guard.table, obstacle: why },
  })
}

/** The error of a name that belongs to something else. */
export const nameTaken = (guard: Guard, name: string, cause?: unknown): OnceoverError =>
  new OnceoverError('INDEX_NAME_TAKEN', {
    message: `An index ${name} exists and does not cover the guard ${guard.name}.`,
    details: { guard: guard.name, table: guard.table, index: name },
    cause,
  })

const IMPOSSIBLE: ReadonlySet<string | undefined> = new Set([
  SQLSTATE.featureNotSupported,
  SQLSTATE.invalidObjectDefinition,
  SQLSTATE.undefinedObject,
  SQLSTATE.tooManyColumns,
])

/** What the failure of a build means for the guard. */
export function buildFailure(guard: Guard, error: unknown): unknown {
  const state = sqlstate(error)
  const details = { guard: guard.name, table: guard.table, index: guard.index }
  if (state === SQLSTATE.duplicateTable) return nameTaken(guard, guard.index, error)
  const message = `PostgreSQL cannot build the index of the guard ${guard.name}: ${causeOf(error)}.`
  if (state === SQLSTATE.programLimitExceeded) {
    const fix = "Make the long part a hash of itself: expression('md5(body)')."
    return new OnceoverError('GUARD_NOT_ENFORCEABLE', { message, fix, details, cause: error })
  }
  if (!IMPOSSIBLE.has(state)) return error
  return new OnceoverError('GUARD_NOT_ENFORCEABLE', { message, details, cause: error })
}

/** @throws OnceoverError READ_ONLY on a standby, and where the session writes nothing */
export async function refuseReadOnly({ session, target }: Database): Promise<void> {
  const [row] = await session.query<{ read_only: boolean }>(selectReadOnly())
  if (!row?.read_only) return
  throw new OnceoverError('READ_ONLY', {
    message: `${target} is read only: no index can be made there.`,
    details: { target },
  })
}
