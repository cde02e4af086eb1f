import { OnceoverError } from '../core/error.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import type { Shadow } from '../guards/shadow.ts'
import { inspectAnyTable } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import type { Constraint } from './constraint.ts'

/** A guard beside the constraint that refused a row. */
export interface Guarded {
  readonly inspection: Inspection
  /** True where the constraint enforces the guard. */
  readonly own: boolean
  /** What is wrong with the constraint in the eyes of the guard. */
  readonly shadow: Shadow | undefined
}

/** A guard with the oid of its table. */
export interface Placed {
  readonly guard: Guard
  readonly oid: string
}

// A guard that does not fit this database has nothing to say of the error.
async function fitting<T>(session: Session, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await session.savepoint(work)
  } catch (error) {
    if (error instanceof OnceoverError && FITS_NOT.has(error.code)) return undefined
    throw error
  }
}

const FITS_NOT: ReadonlySet<string> = new Set([
  ...['TABLE_NOT_FOUND', 'TABLE_UNSUPPORTED', 'TABLE_WITHOUT_PRIMARY_KEY', 'COLUMN_NOT_FOUND'],
  ...['COLUMN_TYPE_MISMATCH', 'KEY_NOT_COMPARABLE', 'EXPRESSION_INVALID', 'PERMISSION_DENIED'],
])

/** The guards whose tables are in this database. */
export async function placeGuards(
  session: Session,
  guards: readonly Guard[],
): Promise<readonly Placed[]> {
  const placed: Placed[] = []
  for (const guard of guards) {
    const table = await fitting(session, () => inspectAnyTable(session, guard.table))
    if (table) placed.push({ guard, oid: table.oid })
  }
  return placed
}

function namedBy({ coverage, guard }: Inspection, { name }: Constraint) {
  const shadow = coverage.shadows.find((each) => each.name === name)
  const stands = coverage.indexes.some((index) => index.name === name || index.constraint === name)
  // An index still to come refuses by its gate already.
  const comes = guard.index === name && !shadow
  return { own: comes || (stands && !coverage.broader.includes(name)), shadow }
}

const rank = ({ own, shadow }: Guarded): number => (own ? 2 : shadow ? 1 : 0)

/** The guard that a constraint is about: the one it enforces, or else shadows. */
export async function guardBeside(
  session: Session,
  placed: readonly Placed[],
  constraint: Constraint,
): Promise<Guarded | undefined> {
  const found: Guarded[] = []
  for (const { guard, oid } of placed) {
    if (!constraint.tables.includes(oid)) continue
    const inspection = await fitting(session, () => inspect(session, guard))
    if (inspection) found.push({ inspection, ...namedBy(inspection, constraint) })
  }
  return found.sort((one, other) => rank(other) - rank(one))[0]
}
