import type { Inspection } from '../guards/inspect.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Session } from '../postgres/session.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { makeKeyFunctions } from './key-functions.ts'
import { begin, indexDdl, rollback } from './queries.ts'
import { buildFailure } from './refusals.ts'
import {
  copyEmpty,
  hashNulls,
  oidsIn,
  selectCopies,
  selectIndexes,
  selectItems,
  selectLabels,
  spellOut,
} from './standing/queries.ts'
import type { BranchIndex } from './standing.ts'

/** An item of a guard's index in PostgreSQL's words, every name spelled out. */
export interface FormItem {
  readonly words: string
  /** The same as PostgreSQL's errors name it. */
  readonly label: string
  /** The operator by which the index finds two values equal. */
  readonly equals: string
  readonly type: string
}

/** What a guard's index would be in PostgreSQL's own words. */
export interface Form {
  /** The form of the unique index. */
  readonly unique: string
  /** The form of the index that only finds the rows of a key. */
  readonly plain: string
  readonly items: readonly FormItem[]
  readonly predicate: string | null
  /** Whether all items have a hash that equal values share. */
  readonly hashable: boolean
}

const UNIQUE = 'onceover_unique'
const PLAIN = 'onceover_plain'

async function isHashable(session: Session, items: readonly FormItem[]): Promise<boolean> {
  try {
    await session.query(hashNulls(items.map(({ type }) => type)))
    return true
  } catch (error) {
    if (sqlstate(error) === SQLSTATE.undefinedFunction) return false
    throw error
  }
}

async function answer<T>(session: Session, statement: Sql): Promise<T> {
  const [row] = await session.query<{ described: string }>(statement)
  return JSON.parse(row?.described ?? 'null')
}

async function tryOnCopy(session: Session, inspection: Inspection): Promise<Form> {
  const { guard, table } = inspection
  await makeKeyFunctions(session, inspection)
  await session.query(copyEmpty(table.name, table.quoted))
  const on = `pg_temp.${quoteIdentifier(table.name)}`
  const unique = indexDdl(inspection, { name: UNIQUE, on, unique: true })
  await session.query(sql.raw(unique)).catch((error: unknown) => {
    throw buildFailure(guard, error)
  })
  await session.query(sql.raw(indexDdl(inspection, { name: PLAIN, on, unique: false })))
  const oids = await session.query<{ oid: string }>(selectCopies([table.name, UNIQUE]))
  const [copy = '', index = ''] = oids.map(({ oid }) => oid)
  // As errors have them: names are spelled out only where the search path does not lead to them.
  const labels = await answer<string[]>(session, selectLabels(index))
  await session.query(spellOut)
  const rows = await session.query<{ described: string }>(selectIndexes(oidsIn([copy])))
  const found = rows.map(({ described }): BranchIndex => JSON.parse(described))
  const named = (name: string) => found.find((each) => each.name === name)
  const described = await answer<Omit<FormItem, 'label'>[]>(session, selectItems(index))
  const items = described.map((item, at) => ({ ...item, label: labels[at] ?? item.words }))
  return {
    unique: named(UNIQUE)?.form ?? '',
    plain: named(PLAIN)?.form ?? '',
    items,
    predicate: named(UNIQUE)?.predicate ?? null,
    hashable: await isHashable(session, items),
  }
}

/**
 * Asks PostgreSQL for a guard's index in its own words: it makes the index on an empty copy of the
 * table and takes everything back. What no index can hold is refused here, before anything stands.
 *
 * @param session one that is in no transaction
 * @throws OnceoverError GUARD_NOT_ENFORCEABLE, PERMISSION_DENIED
 */
export async function askForm(session: Session, inspection: Inspection): Promise<Form> {
  await session.query(begin)
  try {
    return await tryOnCopy(session, inspection)
  } finally {
    await session.query(rollback)
  }
}

/** Whether an index of a form finds the rows of a key by its first items. */
export const beginsWithKey = ({ plain, predicate }: Form, form: string): boolean => {
  const where = predicate === null ? '' : ` WHERE ${predicate}`
  const open = plain.slice(0, plain.length - where.length - 1)
  return form.startsWith(`${open})`) || form.startsWith(`${open}, `)
}
