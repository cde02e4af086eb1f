import type { Child } from '../../guards/guard.ts'
import { type Column, inspectTable, type Table } from '../../guards/table.ts'
import { type KeyedIndex, uniqueIndexes } from '../../guards/unique-index.ts'
import type { Session } from '../../postgres/session.ts'
import { isState } from './names.ts'
import { MOST_STATES, rowsOf, selectFacts, selectProfile } from './queries.ts'

/** A foreign key of one column. */
export interface Reference {
  readonly column: string
  /** Oid of the table it leads to. */
  readonly target: string
  readonly name: string
  /** Where that table's own foreign keys lead. */
  readonly onward: readonly { readonly target: string; readonly notNull: boolean }[]
}

/** What is known of a column beside its type. */
export interface ColumnFacts {
  /** Its name as SQL writes it: in double quotes only where it needs them. */
  readonly sql: string
  /** The values it takes, where they are few. */
  readonly values: readonly string[]
  /** True where it can take no others: they are those of an enum or a CHECK. */
  readonly closed: boolean
  /** Whether some row has NULL in it. */
  readonly nulls: boolean
  /** Whether all rows have. */
  readonly empty: boolean
  /** How many different values there are, from statistics; undefined without them. */
  readonly distinct: number | undefined
}

/** A table that guards are looked for on. */
export interface Subject {
  readonly table: Table
  /** As a guard names it. */
  readonly name: string
  readonly rows: number
  /** True where rows were estimated: the table is too large to count. */
  readonly estimated: boolean
  /** How much of its pages is read: 100 is all. */
  readonly percent: number
  readonly references: readonly Reference[]
  readonly children: readonly Child[]
  readonly facts: ReadonlyMap<string, ColumnFacts>
  readonly indexes: readonly KeyedIndex[]
}

interface ColumnRow {
  readonly name: string
  readonly sql: string
  readonly values: readonly string[] | null
  readonly checks: readonly string[] | null
  readonly nullShare: number | null
  readonly distinct: number | null
}

interface ChildRow {
  readonly schema: string
  readonly name: string
  readonly visible: boolean
  readonly columns: readonly string[]
  readonly primary: boolean
}

interface Facts {
  readonly rows: number
  readonly bytes: number
  readonly columns: readonly ColumnRow[]
  readonly references: readonly (Omit<Reference, 'column'> & {
    readonly columns: readonly string[]
  })[]
  readonly children: readonly ChildRow[]
}

interface Profile {
  readonly rows: number
  readonly present: readonly number[]
  readonly states: readonly (readonly string[] | null)[]
}

/** Up to so many rows a table is counted; of a larger one a sample of about as many is read. */
const COUNTED_ROWS = 1_000_000

const ROW_BYTES = 80

/** A name as a guard writes it, with its schema where the search path does not lead to it. */
export function guardName(schema: string, name: string, visible: boolean): string {
  const quoted = (each: string) => (/[".]/.test(each) ? `"${each.replaceAll('"', '""')}"` : each)
  return visible ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
}

// CHECK (status = ANY (ARRAY['A'::text, 'B'::text])), however PostgreSQL wraps it.
function listed(check: string): readonly string[] {
  const [, items] = /^CHECK \(+[^']*? = ANY \(+ARRAY\[([^\]]*)\]/.exec(check) ?? []
  if (items === undefined || / (AND|OR) /.test(check)) return []
  return [...items.matchAll(/'((?:[^']|'')*)'::/g)].map(([, value = '']) =>
    value.replaceAll("''", "'"),
  )
}

const valuesOf = ({ values, checks }: ColumnRow): readonly string[] =>
  values ?? checks?.map(listed).find((each) => each.length > 0) ?? []

const MOST_COLUMNS = 60

async function profileOf(session: Session, table: Table, facts: Facts, percent: number) {
  const known = new Map(facts.columns.map((each) => [each.name, valuesOf(each)]))
  const columns = [...table.columns.values()]
  const optional = columns.filter(({ notNull }) => !notNull).slice(0, MOST_COLUMNS)
  const states = columns.filter(
    ({ name, textual }) => textual && isState(name) && known.get(name)?.length === 0,
  )
  const quoted = (each: readonly Column[]) => each.map((column) => column.quoted)
  const statement = selectProfile(
    rowsOf(table.quoted, percent),
    quoted(optional),
    quoted(states.slice(0, 3)),
  )
  const [row] = await session.query<{ described: string }>(statement)
  const { rows, present, states: found }: Profile = JSON.parse(row?.described ?? '{}')
  const filled = new Map(optional.map(({ name }, at) => [name, present[at] ?? rows]))
  states.forEach(({ name }, at) => {
    const values = found[at] ?? []
    if (values.length < MOST_STATES) known.set(name, values)
  })
  return { rows, filled, values: known }
}

const distinctOf = ({ distinct }: ColumnRow, rows: number): number | undefined => {
  if (distinct === null || distinct === 0) return undefined
  return distinct < 0 ? -distinct * rows : distinct
}

async function factsOf(session: Session, table: Table): Promise<Facts> {
  const [row] = await session.query<{ described: string }>(selectFacts(table.oid))
  return JSON.parse(row?.described ?? '{}')
}

/**
 * Learns what there is to know of a table before any key is tried: the catalogue, its statistics,
 * and one pass over its rows.
 *
 * @param name as a guard names it
 * @throws OnceoverError what `inspectTable` throws; TIMEOUT
 */
export async function inspectSubject(session: Session, name: string): Promise<Subject> {
  const table = await inspectTable(session, name)
  const facts = await factsOf(session, table)
  const guessed = facts.rows >= 0 ? facts.rows : facts.bytes / ROW_BYTES
  const percent = guessed > COUNTED_ROWS ? (100 * COUNTED_ROWS) / guessed : 100
  const profile = await profileOf(session, table, facts, percent)
  const rows = percent < 100 ? Math.round((profile.rows * 100) / percent) : profile.rows
  return {
    table,
    name,
    rows,
    estimated: percent < 100,
    percent,
    references: facts.references.flatMap(({ columns: [column, ...others], ...rest }) =>
      column !== undefined && others.length === 0 ? [{ column, ...rest }] : [],
    ),
    children: facts.children.flatMap(({ schema, name: child, visible, columns, primary }) =>
      primary ? [{ table: guardName(schema, child, visible), columns }] : [],
    ),
    facts: new Map(
      facts.columns.map((each) => [
        each.name,
        {
          sql: each.sql,
          values: profile.values.get(each.name) ?? [],
          closed: valuesOf(each).length > 0,
          nulls: (profile.filled.get(each.name) ?? profile.rows) < profile.rows,
          empty: profile.rows > 0 && profile.filled.get(each.name) === 0,
          distinct: distinctOf(each, rows),
        },
      ]),
    ),
    indexes: await uniqueIndexes(session, table),
  }
}
