import { countDuplicates } from '../duplicates/scan.ts'
import type { Repetition } from '../duplicates/scan-report.ts'
import type { Guard } from '../guards/guard.ts'
import { inspect } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import { journalOf } from './journal.ts'
import type { StoredRepair } from './stored.ts'
import { selectUnseen } from './unchanged/queries.ts'

/**
 * Duplicates of a guard that stand after a repair. Every row that the freezing saw is a loser, or
 * has a key of its own: where all losers went and no row was written since, none is left, and the
 * rows need not be grouped again.
 */
export async function duplicatesLeft(
  session: Session,
  guard: Guard,
  { id, state, plan, skipped }: Omit<StoredRepair, 'cursor'>,
): Promise<Repetition> {
  const inspection = await inspect(session, guard)
  // A partition may have been attached, whose rows are old.
  const allWent = state === 'applied' && skipped === 0 && plan.rows > 0
  if (allWent && !inspection.table.partitioned) {
    const [row] = await session.query<{ unseen: boolean }>(selectUnseen(inspection, journalOf(id)))
    if (row?.unseen === false) return { groups: 0, excess: 0 }
  }
  return countDuplicates(session, inspection)
}
