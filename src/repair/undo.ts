import { OnceoverError } from '../core/error.ts'
import type { Table } from '../guards/table.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { pinSettings } from './freeze/queries.ts'
import { journalOf } from './journal.ts'
import { requireJournal } from './kept.ts'
import { finishUndo, lockRepair } from './queries.ts'
import { type OwnRepair, readRepair, requireRepairs } from './stored.ts'
import { inTurn } from './turn.ts'
import { limitUndo, selectBatches } from './undo/queries.ts'
import { findTable, heldAgainst, Undoing } from './undoing.ts'

/** Who undoes a repair; kept with it. */
export interface UndoOptions {
  readonly actor?: string
}

/** What undoing a repair came to. */
export interface Undone {
  readonly repair: string
  /** Rows put back, of the guarded table and of its children. */
  readonly restored: number
  /** Rows given their old values back: children, or losers that were set. */
  readonly reverted: number
  /** Rows left as they are, because somebody changed or deleted them since. */
  readonly changedSince: number
}

async function restore(session: Session, repair: OwnRepair): Promise<Omit<Undone, 'repair'>> {
  const { family } = repair
  const journal = journalOf(repair.id)
  const tables: Table[] = []
  for (const [place, kept] of family.tables.entries()) {
    const table = await findTable(session, repair, kept)
    const removed = family.losing.includes(place)
    tables.push(removed ? await heldAgainst(session, repair, table, journal.rows(place)) : table)
  }
  // Values are compared as text: all of their digits count.
  await session.query(pinSettings())
  const undoing = new Undoing(session, repair, tables)
  if (family.edges.length === 0) await undoing.undo(family, undefined)
  else {
    // Backwards: what a later batch sent into the place of a row leaves it before that row returns.
    const batches = await session.query<{ batch: string }>(selectBatches(journal))
    for (const { batch } of batches) await undoing.undo(family, batch)
  }
  return undoing.totals
}

function refuseState({ id, state, undoneAt }: OwnRepair): void {
  if (state === 'applied' || state === 'applying') return
  throw new OnceoverError(state === 'undone' ? 'REPAIR_UNDONE' : 'REPAIR_NOT_APPLIED', {
    message:
      state === 'undone'
        ? `The repair ${id} was undone at ${undoneAt}.`
        : `The repair ${id} was planned and never applied: there is nothing to undo.`,
    details: { repair: id },
  })
}

/**
 * Undoes a repair, or what a killed apply did of it, in one transaction: removed rows come back
 * with every value they had, moved children and set losers get their old values where nobody
 * changed them since.
 *
 * @throws OnceoverError UNDO_BLOCKED while a unique index stands that admits no duplicates,
 * UNDO_CONFLICT, UNDO_SHAPE_CHANGED, JOURNAL_DROPPED, REPAIR_UNDONE, REPAIR_NOT_APPLIED,
 * REPAIR_NOT_FOUND, REPAIR_TAKEN while an apply runs. Nothing was changed then
 */
export async function undoRepair(
  database: Database,
  id: string,
  { actor }: UndoOptions = {},
): Promise<Undone> {
  return inTurn(database, id, () =>
    database.transaction(async (handle) => {
      const session = database.within(handle)
      await requireRepairs(session)
      await session.query(limitUndo())
      // An apply that lost its turn would remove rows that are not read here, and are never undone.
      await session.query(lockRepair(id))
      const repair = await readRepair(session, id)
      refuseState(repair)
      await requireJournal(session, id)
      const totals = await restore(session, repair)
      await session.query(finishUndo(id, actor ?? null))
      return { repair: id, ...totals }
    }),
  )
}
