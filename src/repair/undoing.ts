import { isDeepStrictEqual } from 'node:util'
import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import { type Column, inspectAnyTable, type Table } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { journalOf } from './journal.ts'
import type { Shape, TableShape } from './shape.ts'
import type { OwnRepair } from './stored.ts'
import {
  countAltered,
  ofBatch,
  restoreMoves,
  restoreRows,
  selectJournalColumns,
  selectName,
  selectTaken,
} from './undo/queries.ts'

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

// A moved row is found by the values that its primary key had; in other columns they name others.
function refuseOtherKey(repair: OwnRepair, table: Table, { primaryKey }: TableShape): void {
  const now = table.primaryKey.map(({ name }) => name)
  if (isDeepStrictEqual(now, primaryKey)) return
  throw shapeChanged(
    repair,
    `The primary key of ${table.quoted} was (${primaryKey.join(', ')}) when the repair ` +
      `${repair.id} moved rows, and is (${now.join(', ')}) now.`,
    `Give ${table.quoted} the primary key (${primaryKey.join(', ')}) again, and undo.`,
  )
}

/**
 * Finds a table of a repair as it is now: it may have another name, or have been made anew.
 *
 * @throws OnceoverError UNDO_SHAPE_CHANGED where it is gone, or another one has its name;
 * RLS_HIDES_ROWS
 */
export async function findTable(session: Session, repair: OwnRepair, { oid, quoted }: TableShape) {
  const [found] = await session.query<{ quoted: string }>(selectName(oid))
  const named = await inspectAnyTable(session, quoted).catch((error: unknown) => {
    if (error instanceof OnceoverError && error.code === 'TABLE_NOT_FOUND') return undefined
    throw error
  })
  if (found && named && named.oid !== oid) {
    throw shapeChanged(
      repair,
      `The table ${quoted} of the repair ${repair.id} is called ${found.quoted} now, and another ` +
        'one has its name.',
      `Give both their names back, and undo.`,
    )
  }
  const table = named ?? (found && (await inspectAnyTable(session, found.quoted)))
  if (!table) {
    throw shapeChanged(
      repair,
      `The table ${quoted} of the repair ${repair.id} is gone.`,
      'Make it again with the columns that it had, and undo.',
    )
  }
  if (!table.rowSecurity) return table
  throw new OnceoverError('RLS_HIDES_ROWS', {
    message: `Row-level security hides rows of ${table.quoted} from this role.`,
    details: { repair: repair.id, table: table.quoted },
  })
}

/**
 * Holds the journal of a table against the table. A journal has each row as it was: put back into
 * another shape, something of it would be lost.
 *
 * @returns the table without the columns that came since
 * @throws OnceoverError UNDO_SHAPE_CHANGED
 */
export async function heldAgainst(
  session: Session,
  repair: OwnRepair,
  table: Table,
  rows: string,
): Promise<Table> {
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
  if (!wanting) {
    return { ...table, columns: new Map([...table.columns].filter(([name]) => known.has(name))) }
  }
  throw shapeChanged(
    repair,
    `${table.quoted}.${wanting.name} came after the repair ${repair.id}, is NOT NULL and has no ` +
      'default: the removed rows have no value for it.',
    `Run: ALTER TABLE ${table.quoted} ALTER ${wanting.quoted} SET DEFAULT …; and undo.`,
  )
}

async function refuseTaken(session: Session, repair: OwnRepair, table: Table, rows: Sql) {
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
  const [guarded] = repair.family.tables
  if (REFUSALS.has(state) && table.oid === guarded?.oid) {
    return new OnceoverError('UNDO_BLOCKED', {
      message:
        `The rows that the repair ${repair.id} removed are duplicates, and ${constraint} of ` +
        `${table.quoted} admits none.`,
      fix:
        `Run \`onceover enforce ${repair.guard} --drop\` first, and undo then. Where another ` +
        'index is in the way, move the rows that have its keys.',
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

async function putBack(session: Session, repair: OwnRepair, table: Table, rows: Sql) {
  await refuseTaken(session, repair, table, rows)
  const [answer] = await session.query<Answer>(restoreRows(table, rows)).catch((error: unknown) => {
    throw blocked(repair, table, error)
  })
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
  moves: Sql,
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

/** Puts back what a repair removed, and takes back what it moved. */
export class Undoing {
  readonly #session: Session
  readonly #repair: OwnRepair
  readonly #tables: readonly Table[]
  readonly totals = { restored: 0, reverted: 0, changedSince: 0 }

  constructor(session: Session, repair: OwnRepair, tables: readonly Table[]) {
    this.#session = session
    this.#repair = repair
    this.#tables = tables
  }

  /** Undoes one batch, or all of them at once where nothing hung on what went. */
  async undo(family: Shape, batch: string | undefined): Promise<void> {
    const journal = journalOf(this.#repair.id)
    // Parents first: a row points to one that stands.
    for (const place of family.losing.toReversed()) {
      const table = this.#tables[place]
      if (!table) continue
      const rows = ofBatch(journal.rows(place), batch)
      this.totals.restored += await putBack(this.#session, this.#repair, table, rows)
    }
    for (const { place, child, columns } of movesOf(this.#repair, family)) {
      const table = this.#tables[child]
      if (!table) continue
      refuseOtherKey(this.#repair, table, family.tables[child] as TableShape)
      const moves = ofBatch(journal.moves(place), batch)
      const [reverted, since] = await revert(this.#session, this.#repair, table, columns, moves)
      this.totals.reverted += reverted
      this.totals.changedSince += since
    }
  }
}

function movesOf(
  { plan: { losers } }: OwnRepair,
  { edges }: Shape,
): readonly Pick<Shape['edges'][number], 'place' | 'child' | 'columns'>[] {
  if (losers === 'delete') return edges.toReversed()
  return [{ place: 0, child: 0, columns: Object.keys(losers.set) }]
}
