import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { planOf } from './plan.ts'
import { explainWords, selectUniqueIndexes } from './queries.ts'
import { columnsNamed, type Table } from './table.ts'

/** One item of a key: a column, or an expression over columns. */
export interface KeyItem {
  /** The item in PostgreSQL's words: equal for two spellings of one item. */
  readonly words: string
  /** The column that the item is; undefined for an expression. */
  readonly column: string | undefined
  /** The columns that it reads. */
  readonly columns: readonly string[]
  /** How to call it to a reader. */
  readonly label: string
  /** The collation that finds other texts equal than the column does, where there is one. */
  readonly collation?: { readonly name: string; readonly deterministic: boolean }
}

/** A unique index or constraint as the catalogue describes it. */
export interface UniqueIndex {
  readonly name: string
  /** The name of its constraint, where it belongs to one. */
  readonly constraint: string | undefined
  readonly definition: string
  /** The columns of its key, those within expressions included. */
  readonly columns: readonly string[]
  readonly predicate: string | undefined
  readonly valid: boolean
  /** False where its constraint is deferrable, which ON CONFLICT cannot use. */
  readonly immediate: boolean
  readonly nullsNotDistinct: boolean
}

/** A unique index that enforces nothing. */
export interface InvalidIndex extends UniqueIndex {
  /** `schema.name`, quoted where it must be. */
  readonly quoted: string
  /** True where it refuses duplicates of what is written from now on, of no use as it is. */
  readonly ready: boolean
  /** True while another session builds it, as far as this role may know. */
  readonly building: boolean
  /** True where it is made of an index for each partition. */
  readonly partitioned: boolean
}

/** A unique index with what there is to compare it by. */
export interface KeyedIndex {
  readonly index: InvalidIndex
  readonly items: readonly KeyItem[]
  /** The predicate in PostgreSQL's words; empty where there is none. */
  readonly bound: string
}

interface PartRow {
  column: string | null
  sql: string
  collation: string | null
  deterministic: boolean | null
}

interface IndexRow {
  name: string
  quoted: string
  partitioned: boolean
  valid: boolean
  building: boolean
  ready: boolean
  immediate: boolean
  nulls_not_distinct: boolean
  definition: string
  predicate: string | null
  constraint: string | null
  parts: PartRow[]
}

/**
 * Expressions in PostgreSQL's own words, so that two spellings of one are equal.
 *
 * @returns undefined where it cannot say: a function is missing, or a privilege
 */
export async function inWords(
  session: Session,
  table: Table,
  expressions: readonly string[],
): Promise<readonly string[] | undefined> {
  if (expressions.length === 0) return []
  try {
    const plan = planOf(
      await session.savepoint(() => session.query(explainWords(table.quoted, expressions))),
    )
    return plan?.Output?.length === expressions.length ? plan.Output : undefined
  } catch (error) {
    const state = sqlstate(error)
    const silent = state === SQLSTATE.undefinedFunction || state === SQLSTATE.insufficientPrivilege
    if (silent) return undefined
    throw error
  }
}

const asItem = (
  table: Table,
  { column, sql, collation, deterministic }: PartRow,
  words: string,
) => ({
  words: column === null ? words : JSON.stringify(column),
  column: column ?? undefined,
  columns: column === null ? columnsNamed(table, sql).map(({ name }) => name) : [column],
  label: sql,
  ...(collation !== null && {
    collation: { name: collation, deterministic: deterministic === true },
  }),
})

function asIndex(table: Table, row: IndexRow, words: Words): KeyedIndex {
  const items = row.parts.map((part) => asItem(table, part, words.get(part.sql) ?? part.sql))
  return {
    index: {
      name: row.name,
      constraint: row.constraint ?? undefined,
      definition: row.definition,
      columns: [...new Set(items.flatMap(({ columns }) => columns))],
      predicate: row.predicate ?? undefined,
      valid: row.valid,
      immediate: row.immediate,
      nullsNotDistinct: row.nulls_not_distinct,
      quoted: row.quoted,
      ready: row.ready,
      building: row.building,
      partitioned: row.partitioned,
    },
    items,
    bound: row.predicate === null ? '' : (words.get(row.predicate) ?? row.predicate),
  }
}

type Words = ReadonlyMap<string, string>

/** The unique indexes of a table. */
export async function uniqueIndexes(
  session: Session,
  table: Table,
): Promise<readonly KeyedIndex[]> {
  const answer = await session.query<{ described: string }>(selectUniqueIndexes(table.oid))
  // JSON is read here: drivers differ on what they make of a boolean.
  const rows = answer.map(({ described }): IndexRow => JSON.parse(described))
  const expressions = rows.flatMap(({ predicate, parts }) => [
    ...parts.flatMap(({ column, sql }) => (column === null ? [sql] : [])),
    ...(predicate === null ? [] : [predicate]),
  ])
  const said = await inWords(session, table, expressions)
  const words = new Map(expressions.map((each, place) => [each, said?.[place] ?? each]))
  return rows.map((row) => asIndex(table, row, words))
}
