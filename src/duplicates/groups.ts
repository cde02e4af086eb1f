import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Guard, Losers } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { sqlstate } from '../postgres/sqlstates.ts'
import { stoppable } from '../postgres/stoppable.ts'
import { answer, zip } from './answer.ts'
import { selectWholeGroups } from './groups/queries.ts'
import { refuseUnreadable } from './scan.ts'

/** Where to go on in the duplicate groups of a guard, and how many to read. */
export interface DuplicatesOptions {
  /** The `cursor` of a group: the groups after it are read. */
  readonly after?: string
  /** How many groups at most, from 1 to 100. Default 20. */
  readonly limit?: number
  /** Aborted: the reading is stopped where it is. */
  readonly signal?: AbortSignal
}

/** A row with all its columns: each a text as PostgreSQL writes it, or null. */
export type TextRow = Readonly<Record<string, string | null>>

/** Rows that share one key, with all their columns. */
export interface WholeGroup {
  readonly key: RowValues
  /** How many rows there are, the keeper included. */
  readonly rows: number
  /** The row to keep. */
  readonly keeper: TextRow
  /** The first rows to remove, up to twenty, in the order to keep. */
  readonly losers: readonly TextRow[]
  /** The columns in which the rows of the group differ, those not shown included. */
  readonly differs: readonly string[]
  /** Goes into `after`, to go on behind this group. */
  readonly cursor: string
}

/** Some of the duplicate groups of a guard, in the order of their keys. */
export interface DuplicatePage {
  readonly guard: string
  readonly table: string
  /** The columns of the table, in its order. */
  readonly columns: readonly string[]
  readonly primaryKey: readonly string[]
  /** ORDER BY items that put the keeper first. */
  readonly keep: readonly string[]
  /** What a repair does with the losers. */
  readonly losersPolicy: Losers
  readonly groups: readonly WholeGroup[]
  /** The cursor to go on with; null after the last group. */
  readonly next: string | null
}

type Texts = readonly (string | null)[]

interface Found {
  readonly members: number
  readonly key: readonly unknown[]
  readonly cursor: Texts
  readonly rows: readonly Texts[]
  readonly differs: readonly boolean[]
}

interface Page {
  readonly more: boolean
  readonly groups: readonly Found[]
}

const DEFAULT_LIMIT = 20
const MOST_GROUPS = 100

const usage = (message: string, fix: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', { message, fix, cause })

const noCursor = (cause?: unknown): OnceoverError =>
  usage(
    'This is no cursor of the duplicate groups of this guard.',
    'Give the `cursor` of a group as it was read, or leave `after` out.',
    cause,
  )

const isText = (value: unknown): value is string | null =>
  value === null || (typeof value === 'string' && !value.includes('\0'))

function readCursor(cursor: unknown, { parts, copies }: Inspection): Texts | undefined {
  if (cursor === undefined) return undefined
  const values = parse(cursor)
  const length = parts.length + (copies ? 1 : 0)
  if (!Array.isArray(values) || values.length !== length || !values.every(isText)) throw noCursor()
  return values
}

function parse(cursor: unknown): unknown {
  try {
    return JSON.parse(Buffer.from(String(cursor), 'base64url').toString())
  } catch {
    return undefined
  }
}

const writeCursor = (values: Texts): string =>
  Buffer.from(JSON.stringify(values)).toString('base64url')

function checkLimit(limit: unknown): number {
  const given = limit ?? DEFAULT_LIMIT
  if (typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= MOST_GROUPS) {
    return given
  }
  throw usage(
    `The limit ${String(given)} is not a whole number from 1 to ${MOST_GROUPS}.`,
    'Give one, or leave it out for 20.',
  )
}

const wholeGroup = ({ table, parts }: Inspection, found: Found): WholeGroup => {
  const columns = [...table.columns.values()]
  const rows = found.rows.map((values) => zip(columns, values) as TextRow)
  return {
    key: zip(parts, found.key),
    rows: found.members,
    keeper: rows[0] ?? {},
    losers: rows.slice(1),
    differs: columns.filter((_, at) => found.differs[at]).map(({ name }) => name),
    cursor: writeCursor(found.cursor),
  }
}

async function readPage(
  session: Session,
  guard: Guard,
  after: string | undefined,
  limit: number,
): Promise<DuplicatePage> {
  const inspection = await inspect(session, guard)
  await refuseUnreadable(session, inspection)
  const from = readCursor(after, inspection)
  const statement = selectWholeGroups(inspection, from, limit)
  const page = await answer<Page>(session, statement).catch((error: unknown) => {
    // A value of a cursor that its part cannot read; without a cursor there is no value.
    throw from && sqlstate(error)?.startsWith('22') ? noCursor(error) : error
  })
  const { table, keep } = inspection
  const groups = page.groups.map((found) => wholeGroup(inspection, found))
  return {
    guard: guard.name,
    table: `${table.schema}.${table.name}`,
    columns: [...table.columns.keys()],
    primaryKey: table.primaryKey.map(({ name }) => name),
    keep,
    losersPolicy: guard.losers,
    groups,
    next: page.more ? (groups.at(-1)?.cursor ?? null) : null,
  }
}

/**
 * Reads the duplicate groups of a guard with their rows whole, in the order of their keys: what a
 * page needs to show keeper and losers side by side. It reads only, needs no schema of ours, and
 * sees the same groups as a scan.
 *
 * @throws OnceoverError USAGE, RLS_HIDES_ROWS, PERMISSION_DENIED where not all columns may be read,
 * STOPPED, and what the inspection of a guard throws
 */
export async function duplicates(
  database: Database,
  guard: Guard,
  { after, limit, signal }: DuplicatesOptions = {},
): Promise<DuplicatePage> {
  const most = checkLimit(limit)
  return database.read((session) =>
    stoppable(database, session, signal, () => readPage(session, guard, after, most)),
  )
}
