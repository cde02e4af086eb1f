import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import type { Input } from './input/queries.ts'
import { jsonInput, type Row } from './prepare.ts'
import { lockKeys } from './ranked/queries.ts'

/**
 * Takes the locks of the keys of a guard with copies. What their last holder committed must be
 * visible to the statement after them, so a snapshot older than the locks is refused: there "any
 * copy" would be answered from the past, and the index on (key, copy) would not know.
 *
 * @throws OnceoverError ISOLATION_TOO_HIGH in a caller's REPEATABLE READ or SERIALIZABLE
 */
export async function lockInput(
  session: Session,
  inspection: Inspection,
  input: Input,
): Promise<void> {
  const [locked] = await session.query<{ isolation: string }>(lockKeys(inspection, input))
  if (locked?.isolation !== 'repeatable read' && locked?.isolation !== 'serializable') return
  throw new OnceoverError('ISOLATION_TOO_HIGH', {
    message:
      `The guard ${inspection.guard.name} has copies, and the caller's transaction is ` +
      `${locked.isolation}: it cannot see a copy that another has just committed.`,
    details: { guard: inspection.guard.name, isolation: locked.isolation },
  })
}

/** Takes the locks of the keys of rows; see `lockInput`. */
export const lockCopies = (
  session: Session,
  inspection: Inspection,
  rows: readonly Row[],
): Promise<void> => lockInput(session, inspection, jsonInput(inspection, rows))
