import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import { selectJournalThere } from './journal/queries.ts'
import { journalOf } from './journal.ts'

/**
 * Refuses a repair whose journal somebody dropped: nothing of it can be put back, or gone on with.
 *
 * @throws OnceoverError JOURNAL_DROPPED
 */
export async function requireJournal(session: Session, repair: string): Promise<void> {
  const [found] = await session.query<{ there: boolean }>(selectJournalThere(journalOf(repair)))
  if (found?.there) return
  throw new OnceoverError('JOURNAL_DROPPED', {
    message: `The journal of the repair ${repair} on ${session.target} was dropped.`,
    details: { repair, target: session.target },
  })
}
