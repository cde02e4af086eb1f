import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import {
  type BatchCounts,
  beginBatch,
  type Held,
  holdPlanned,
  holdRows,
  judgeLosers,
  type Stretch,
  settleBatch,
} from './batch/queries.ts'
import type { Family } from './family.ts'
import { Hanging } from './hanging.ts'
import type { Journal } from './journal.ts'
import { Offence } from './offence.ts'
import {
  deleteJournalled,
  journalLosers,
  journalSet,
  removeLosers,
  selectKept,
  selectUnset,
  selectVetoed,
  setLosers,
} from './removal/queries.ts'

/** What every batch of one repair works on. */
export interface Work {
  readonly id: string
  readonly inspection: Inspection
  readonly family: Family
  readonly journal: Journal
  /** That of the tables when the work began. */
  readonly fingerprint: string | undefined
}

const VETO = 'a trigger keeps it'

const numberIn = (rows: readonly { rows: string }[]): number => Number(rows[0]?.rows ?? 0)

/** Locks the rows of a stretch, and skips the losers that are not to be touched any more. */
async function hold(session: Session, work: Work, stretch: Stretch) {
  const { inspection, family, journal } = work
  const [held] = await session.query<Held>(holdPlanned(inspection, family, journal, stretch))
  if (held?.fingerprint === work.fingerprint) {
    // Between versions that were planned nothing has changed: none of them is judged anew.
    if (held?.sure) return { rows: Number(held.rows), skipped: Number(held.skipped), sure: true }
    await session.query(holdRows(inspection, family, journal, stretch))
    const [judged] = await session.query<Held>(judgeLosers(inspection, journal, stretch))
    return { rows: Number(judged?.rows), skipped: Number(judged?.skipped), sure: false }
  }
  throw new OnceoverError('PLAN_DRIFTED', {
    message:
      `A column of a table of the repair ${work.id}, or a foreign key to it, came or went while ` +
      'it was applied.',
    fix: 'What was applied stands, and can be undone. Plan again for the rest.',
    details: { repair: work.id },
  })
}

async function set(session: Session, { inspection, journal }: Work, batch: number, of: Stretch) {
  await session.query(journalSet(inspection, journal, batch, of))
  const changed = numberIn(await session.query(setLosers(inspection, journal, batch)))
  return changed
}

async function remove(
  session: Session,
  work: Work,
  batch: number,
  { rows, sure, ...stretch }: Stretch & { readonly rows: number; readonly sure: boolean },
) {
  const { inspection, journal, family } = work
  const removed = numberIn(
    await session.query<{ rows: string }>(removeLosers(inspection, journal, batch, stretch, sure)),
  )
  if (removed === rows) return
  const kept = await session.query<{ seq: string }>(selectKept(inspection, journal, stretch))
  // A row that went otherwise, such as by a cascade of its own table, is none that a trigger kept.
  if (kept.length > 0)
    throw new Offence(
      kept.map(({ seq }) => seq),
      VETO,
    )
  throw new OnceoverError('REPAIR_BLOCKED', {
    message: `${rows - removed} losers in ${family.tables[0]?.quoted} vanished without a journal.`,
    details: { repair: work.id },
  })
}

async function removeFamily(session: Session, work: Work, batch: number, stretch: Stretch) {
  const { inspection, family, journal } = work
  await session.query(journalLosers(inspection, journal, batch, stretch))
  const hanging = new Hanging(session, family, journal, batch)
  await hanging.settle()
  for (const place of family.losing) {
    const [row] = await session.query<{ rows: string; journalled: string }>(
      deleteJournalled(family, journal, place, batch),
    )
    if (row?.rows === row?.journalled) continue
    const vetoed = await session.query<{ seq: string }>(selectVetoed(family, journal, place, batch))
    // A cascade of a row before it may have taken one that was to go, and is journalled.
    if (vetoed.length === 0) continue
    throw new Offence(
      vetoed.map(({ seq }) => seq),
      VETO,
    )
  }
  return hanging
}

async function inTransaction(session: Session, work: Work, batch: number, stretch: Stretch) {
  const { inspection, family, journal } = work
  await session.query(beginBatch(family))
  const { rows, skipped, sure } = await hold(session, work, stretch)
  const none: BatchCounts = { removed: 0, changed: 0, moved: 0, dropped: 0, skipped }
  if (rows === 0) return none
  if (inspection.guard.losers !== 'delete') {
    const changed = await set(session, work, batch, stretch)
    if (changed === rows) return { ...none, changed }
    const unset = await session.query<{ seq: string }>(selectUnset(inspection, journal, batch))
    throw new Offence(
      unset.map(({ seq }) => seq),
      VETO,
    )
  }
  if (family.edges.length === 0) {
    await remove(session, work, batch, { ...stretch, rows, sure })
    return { ...none, removed: rows }
  }
  const { moved, dropped } = await removeFamily(session, work, batch, stretch)
  return { ...none, removed: rows, moved, dropped }
}

/**
 * Applies one stretch of a plan in a transaction of its own: lock, judge again, settle what hangs
 * on the losers, journal, remove, and note in the repair how far it is.
 *
 * @throws Offence naming losers that cannot be removed; OnceoverError REPAIR_TAKEN where another
 * apply goes on with the repair, PLAN_DRIFTED where a foreign key or a column came or went
 */
export function applyBatch(database: Database, work: Work, stretch: Stretch): Promise<BatchCounts> {
  return database.transaction(async (handle) => {
    const session = database.within(handle)
    const counts = await inTransaction(session, work, stretch.from, stretch)
    const settled = await session.query(settleBatch(work.id, stretch.from, stretch.to + 1, counts))
    if (settled.length === 1) return counts
    throw new OnceoverError('REPAIR_TAKEN', {
      message: `Another apply goes on with the repair ${work.id}.`,
      details: { repair: work.id },
    })
  })
}
