import type { Guard } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { asEnforced, type Enforced } from './enforced.ts'
import { Enforcement } from './enforcement.ts'
import { selectGateFunction } from './gate/queries.ts'
import { enforceLocked } from './locked.ts'
import { joinedName } from './names.ts'
import { enforceOnline } from './online.ts'
import { deadlineMs, type EnforceWork } from './options.ts'
import { selectSize } from './queries.ts'
import { inspectNow } from './read-now.ts'
import { refuseConstraint, refuseObstacle, refuseReadOnly } from './refusals.ts'
import { selectNamed } from './standing/queries.ts'

/** Up to this size a table, with its indexes, is read within a few milliseconds: 1 MiB. */
const SMALL_BYTES = 1_048_576

/** Whether an enforcement that was killed left something of ours behind. */
async function isLittered(
  { session }: Database,
  { guard, table, coverage }: Inspection,
): Promise<boolean> {
  const ours = (name: string) => name === guard.index || name.startsWith(`${guard.index}_ccnew`)
  if (coverage.invalid.some(({ name, building }) => ours(name) && !building)) return true
  const gate = await session.query(selectGateFunction({ guard, table }))
  const key = await session.query(selectNamed(table.schema, joinedName(guard.index, 'key')))
  return gate.length > 0 || key.length > 0
}

async function isSmall({ session }: Database, { table }: Inspection): Promise<boolean> {
  const [size] = await session.query<{ bytes: string }>(selectSize(table.oid))
  return Number(size?.bytes) < SMALL_BYTES
}

const needsConstraint = ({ coverage }: Inspection, { constraint }: EnforceWork): boolean =>
  constraint === true && coverage.indexes.every((index) => index.constraint === undefined)

/** How a guard would be enforced as things stand. */
export async function goesOnline(
  database: Database,
  inspection: Inspection,
  work: EnforceWork,
): Promise<'standing' | 'locked' | 'online'> {
  const littered = await isLittered(database, inspection)
  const already = asEnforced(inspection) !== undefined
  if (already && !littered && !needsConstraint(inspection, work)) return 'standing'
  if (work.online || littered || already) return 'online'
  return (await isSmall(database, inspection)) ? 'locked' : 'online'
}

/**
 * Makes the unique index of a guard, where no valid one covers it. A small table is locked for it,
 * for a moment and in one transaction; a larger one is written meanwhile. Whoever enforces at the
 * same time takes turns, and finds the index of the first.
 *
 * @throws OnceoverError DUPLICATES_EXIST listing the largest groups, GUARD_NOT_ENFORCEABLE,
 * INDEX_NAME_TAKEN, RLS_HIDES_ROWS, HANDLE_INVALID, ENFORCE_TIMED_OUT naming who is in the way,
 * ENFORCE_STOPPED, READ_ONLY, DURATION_INVALID, INPUT_INVALID
 */
export async function enforce(
  database: Database,
  guard: Guard,
  work: EnforceWork = {},
): Promise<Enforced> {
  const enforcement = new Enforcement(guard, work, deadlineMs(work))
  const first = await inspectNow(database, enforcement)
  const already = asEnforced(first)
  if (work.constraint) refuseConstraint(first)
  if (!already) refuseObstacle(first)
  const how = await goesOnline(database, first, work)
  if (already && how === 'standing') return already
  await refuseReadOnly(database)
  if (how === 'locked') enforcement.begin('check')
  const done = how === 'locked' ? await enforceLocked(database, enforcement, first) : undefined
  return done ?? enforceOnline(database, enforcement, first)
}
