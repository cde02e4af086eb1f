import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import { type Column, inspectAnyTable, type Table } from '../guards/table.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { pinSettings } from './freeze/queries.ts'
import { type Journal, journalOf } from './journal.ts'
import { requireJournal } from './kept.ts'
import { finishUndo } from './queries.ts'
import { type OwnRepair, readRepair } from './stored.ts'
import { inTurn } from './turn.ts'
import {
  countAltered,
  limitUndo,
  restoreMoves,
  restoreRows,
  selectJournalColumns,
  selectTaken,
} from './undo/queries.ts'

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

interface KeptTable {
  readonly oid: string
  readonly quoted: string
  readonly columns: readonly (readonly [name: string, type: string])[]
  readonly primaryKey: readonly string[]
}

interface KeptEdge {
  readonly place: number
  readonly child: number
  readonly columns: readonly string[]
}

interface KeptFamily {
  readonly tables: readonly KeptTable[]
  readonly edges: readonly KeptEdge[]
}

const shapeChanged = ({ id }: OwnRepair, message: string, fix: string): OnceoverError =>
  new OnceoverError('UNDO_SHAPE_CHANGED', { message, fix, details: { repair: id } })

function columnsOf(repair: OwnRepair, table: Table, names: readonly string[]): readonly Column[] {
  return names.map((name) => {
    const column = table.columns.get(name)
    if (column) return column
    throw shapeChanged(
      repair,
      `${table.quoted} has no column ${name} any more, which the repair ${repair.id} changed.`,
      `Add the column ${name} again, and undo.`,
    )
  })
}

// A journal has each row as it was. Put back into another shape, something of it would be lost.
async function refuseShape(session: Session, repair: OwnRepair, table: Table, rows: string) {
  const kept = await session.query<{ name: string; type: string }>(selectJournalColumns(rows))
  for (const { name, type } of kept) {
    const now = table.columns.get(name)?.type
    if (now === type) continue
    throw shapeChanged(
      repair,
      `${table.quoted}.${name} was ${type} when the repair ${repair.id} removed rows, and ` +
        `${now === undefined ? 'is gone' : `is ${now} now`}: its values would be lost.`,
      `Give ${table.quoted} the column ${name} ${type} again, undo, and change it after that.`,
    )
  }
  const known = new Set(kept.map(({ name }) => name))
  const wanting = [...table.columns.values()].find(
    (column) =>
      !known.has(column.name) && column.notNull && column.default === 'NULL' && !column.generated,
  )
  if (!wanting) return
  throw shapeChanged(
    repair,
    `${table.quoted}.${wanting.name} came after the repair ${repair.id}, is NOT NULL and has no ` +
      'default: the removed rows have no value for it.',
    `Run: ALTER TABLE ${table.quoted} ALTER ${wanting.quoted} SET DEFAULT …; and undo.`,
  )
}

async function refuseTaken(session: Session, repair: OwnRepair, table: Table, rows: string) {
  const [row] = await session.query<{ rows: string; first: string }>(selectTaken(table, rows))
  if (!row || row.rows === '0') return
  const first: readonly RowValues[] = JSON.parse(row.first)
  throw new OnceoverError('UNDO_CONFLICT', {
    message:
      `${row.rows} rows of ${table.quoted} that the repair ${repair.id} removed cannot come ` +
      `back: other rows have their primary keys now, such as ${JSON.stringify(first[0])}.`,
    details: { repair: repair.id, table: table.quoted, keys: first },
  })
}

const REFUSALS: ReadonlySet<string | undefined> = new Set([
  SQLSTATE.uniqueViolation,
  SQLSTATE.exclusionViolation,
])

function blocked(repair: OwnRepair, table: Table, error: unknown): unknown {
  const state = sqlstate(error)
  if (!(error instanceof OnceoverError)) return error
  const { constraint } = error.details
  if (REFUSALS.has(state)) {
    return new OnceoverError('UNDO_BLOCKED', {
      message:
        `The rows that the repair ${repair.id} removed are duplicates, and ${constraint} of ` +
        `${table.quoted} admits none.`,
      fix: `Run \`onceover enforce ${repair.guard} --drop\` first, and undo then.`,
      details: { ...error.details, repair: repair.id, guard: repair.guard },
      cause: error,
    })
  }
  if (!state?.startsWith('23')) return error
  return new OnceoverError('UNDO_CONFLICT', {
    message: `A row of ${table.quoted} cannot come back: ${error.message}`,
    fix: 'Give it back what it points to, or change the constraint, and undo then.',
    details: { ...error.details, repair: repair.id },
    cause: error,
  })
}

interface Answer {
  readonly rows: string
  readonly journalled: string
}

async function putBack(session: Session, repair: OwnRepair, table: Table, rows: string) {
  await refuseShape(session, repair, table, rows)
  await refuseTaken(session, repair, table, rows)
  const [answer] = await session.query<Answer>(restoreRows(table, rows)).catch((error: unknown) => {
    throw blocked(repair, table, error)
  })
  await session.query(pinSettings())
  const [altered] = await session.query<{ rows: string }>(countAltered(table, rows))
  const kept = Number(answer?.journalled) - Number(answer?.rows)
  if (kept === 0 && altered?.rows === '0') return Number(answer?.rows)
  throw new OnceoverError('UNDO_CONFLICT', {
    message:
      `A trigger of ${table.quoted} keeps ${Math.max(kept, Number(altered?.rows))} rows of the ` +
      `repair ${repair.id} from coming back as they were.`,
    fix: `Disable the trigger for the time of the undo, and undo again.`,
    details: { repair: repair.id, table: table.quoted },
  })
}

async function revert(
  session: Session,
  repair: OwnRepair,
  table: Table,
  names: readonly string[],
  moves: string,
): Promise<readonly [reverted: number, changedSince: number]> {
  const columns = columnsOf(repair, table, names)
  const [answer] = await session
    .query<Answer>(restoreMoves(table, columns, moves))
    .catch((error: unknown) => {
      throw blocked(repair, table, error)
    })
  const reverted = Number(answer?.rows)
  return [reverted, Number(answer?.journalled) - reverted]
}

async function restore(session: Session, repair: OwnRepair): Promise<Omit<Undone, 'repair'>> {
  const family = repair.family as KeptFamily & { readonly losing: readonly number[] }
  const journal: Journal = journalOf(repair.id)
  const tables: Table[] = []
  for (const { quoted } of family.tables) tables.push(await inspectAnyTable(session, quoted))
  const totals = { restored: 0, reverted: 0, changedSince: 0 }
  // Parents first: a row points to one that stands.
  for (const place of family.losing.toReversed()) {
    const table = tables[place]
    if (table) totals.restored += await putBack(session, repair, table, journal.rows(place))
  }
  const { losers } = repair.plan
  const moves =
    losers === 'delete'
      ? family.edges.toReversed()
      : [{ place: 0, child: 0, columns: Object.keys(losers.set) }]
  for (const { place, child, columns } of moves) {
    const table = tables[child]
    if (!table) continue
    const [reverted, since] = await revert(session, repair, table, columns, journal.moves(place))
    totals.reverted += reverted
    totals.changedSince += since
  }
  return totals
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
      const repair = await readRepair(session, id)
      refuseState(repair)
      await requireJournal(session, id)
      await session.query(limitUndo())
      const totals = await restore(session, repair)
      await session.query(finishUndo(id, actor ?? null))
      return { repair: id, ...totals }
    }),
  )
}
