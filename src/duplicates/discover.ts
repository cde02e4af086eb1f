import { OnceoverError } from '../core/error.ts'
import type { ErrorCode } from '../core/error-catalogue.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { isTimeout } from './discover/measure.ts'
import type { DiscoverOptions, Discovery, Proposal, SkippedTable } from './discover/proposal.ts'
import { type Looked, proposalsOf } from './discover/proposals.ts'
import { limitStatements, selectTables } from './discover/queries.ts'
import { guardName, inspectSubject } from './discover/subject.ts'

const TIMEOUT_MS = 5_000

interface TableRow {
  readonly schema: string
  readonly name: string
  readonly visible: boolean
  readonly readable: boolean
}

async function tablesOf(session: Session, schema: string | undefined) {
  const rows = await session.query<{ described: string }>(selectTables(schema ?? null))
  // JSON is read here: drivers differ on what they make of a boolean.
  return rows.map(({ described }): TableRow => JSON.parse(described))
}

// What is wrong with one table says nothing about the next.
const OF_THE_TABLE: ReadonlySet<ErrorCode> = new Set([
  ...(['TABLE_NOT_FOUND', 'TABLE_UNSUPPORTED'] as const),
  ...(['RLS_HIDES_ROWS', 'PERMISSION_DENIED', 'IDENTIFIER_INVALID', 'QUERY_FAILED'] as const),
])

function reasonOf(error: unknown, timeoutMs: number): string {
  if (isTimeout(error)) {
    return `a statement took longer than ${timeoutMs} ms, or a lock was in its way`
  }
  if (error instanceof OnceoverError && error.code === 'TABLE_WITHOUT_PRIMARY_KEY') {
    return 'it has no primary key, which a guard needs'
  }
  if (!(error instanceof OnceoverError && OF_THE_TABLE.has(error.code))) throw error
  return error.message.replace(/\.$/, '')
}

const hidden = (table: string): OnceoverError =>
  new OnceoverError('RLS_HIDES_ROWS', {
    message: `Row-level security hides rows of ${table} from this role.`,
    details: { table },
  })

function lookAt(database: Database, name: string, timeoutMs: number): Promise<Looked> {
  return database.read(async (session) => {
    await session.query(limitStatements(timeoutMs))
    const subject = await inspectSubject(session, name)
    if (subject.table.rowSecurity) throw hidden(name)
    return proposalsOf(session, subject)
  })
}

const refused = (message: string, fix: string): OnceoverError =>
  new OnceoverError('INPUT_INVALID', { message, fix })

function check({ schema, limit = 0, timeoutMs = TIMEOUT_MS }: DiscoverOptions): void {
  if (schema !== undefined && typeof schema !== 'string') {
    throw refused('The schema is not a text.', 'Give the name of a schema, or leave it out.')
  }
  if (!(Number.isSafeInteger(limit) && limit >= 0)) {
    throw refused(`The limit ${limit} is not a whole number from 0 on.`, 'Give a number.')
  }
  if (!(Number.isSafeInteger(timeoutMs) && timeoutMs > 0)) {
    throw refused(`timeoutMs ${timeoutMs} is not a whole number from 1 on.`, 'Give milliseconds.')
  }
}

const byScore = (one: Proposal, other: Proposal): number =>
  other.score - one.score || (other.duplicates?.excess ?? 0) - (one.duplicates?.excess ?? 0)

/**
 * Proposes guards for a whole database, from names, types, foreign keys, indexes and rows. It reads
 * only, each table in a READ ONLY transaction of its own; it needs no schema of ours. A table of
 * more than a million rows is sampled.
 *
 * @throws OnceoverError INPUT_INVALID, and what is wrong with the database; what is wrong with one
 * table stands in `skipped`
 */
export async function discover(database: Database, options: DiscoverOptions): Promise<Discovery> {
  check(options)
  const { schema, limit = Number.POSITIVE_INFINITY, timeoutMs = TIMEOUT_MS } = options
  const tables = await database.read((session) => tablesOf(session, schema))
  const proposals: Proposal[] = []
  const skipped: SkippedTable[] = []
  for (const row of tables) {
    const table = guardName(row.schema, row.name, row.visible)
    if (!row.readable) {
      skipped.push({ table, reason: 'this role may not read it' })
      continue
    }
    try {
      const looked = await lookAt(database, table, timeoutMs)
      proposals.push(...looked.proposals)
      if (!looked.complete) {
        skipped.push({
          table,
          reason: `counting took longer than ${timeoutMs} ms: not all counted`,
        })
      }
    } catch (error) {
      skipped.push({ table, reason: reasonOf(error, timeoutMs) })
    }
  }
  const ranked = proposals.toSorted(byScore)
  return {
    target: database.target,
    tables: tables.length,
    proposals: ranked.slice(0, limit),
    more: Math.max(0, ranked.length - limit),
    skipped,
  }
}
