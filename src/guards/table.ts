import { OnceoverError } from '../core/error.ts'
import type { EncodedColumn } from '../postgres/encoder.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/identifier.ts'
import type { Session } from '../postgres/session.ts'
import { selectNamesakes, selectTable } from './queries.ts'
import { readTableName } from './table-name.ts'

/** A column as the catalogue describes it. */
export interface Column extends EncodedColumn {
  readonly name: string
  /** The type as SQL writes it, such as `numeric(12,2)`. */
  readonly type: string
  /** The same without a domain: the type that its values have before the domain checks them. */
  readonly plainType: string
  /** The name of the type, such as `int4`; of a domain the type underneath. */
  readonly base: string
  /** The digits of a second that a time type keeps; undefined for other types. */
  readonly secondDigits: number | undefined
  readonly isEnum: boolean
  readonly notNull: boolean
  readonly generated: boolean
  /** True where it is generated when read, which no index can hold. */
  readonly virtual: boolean
  /** `a` for GENERATED ALWAYS AS IDENTITY, `d` for BY DEFAULT, else empty. */
  readonly identity: string
  /** SQL of the value of a row that does not name the column. */
  readonly default: string
}

/** A table as the catalogue describes it. */
export interface Table {
  readonly oid: string
  readonly schema: string
  readonly name: string
  /** `"schema"."name"`. */
  readonly quoted: string
  readonly partitioned: boolean
  /** How its rows are spread over partitions, such as `RANGE (day)`, where they are. */
  readonly partitionKey: string | undefined
  /** True where other tables inherit from it: its rows are theirs too, its indexes are not. */
  readonly inherited: boolean
  readonly columns: ReadonlyMap<string, Column>
  readonly primaryKey: readonly Column[]
  /** True where row-level security hides rows from this role. */
  readonly rowSecurity: boolean
  /** True where the database holds Unicode text. */
  readonly unicode: boolean
}

interface ColumnRow {
  name: string
  type: string
  plainType: string
  category: string
  base: string
  enum: boolean
  notNull: boolean
  identity: string
  generated: string
  default: string | null
  sequence: string | null
}

interface TableRow {
  oid: string
  schema: string
  name: string
  kind: string
  row_security: boolean
  row_security_off: boolean
  partition_key: string | null
  unicode: boolean
  inherited: boolean
  columns: ColumnRow[]
  primary_key: string[]
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
}

const TEXTUAL = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])
const TIMED = new Set(['time', 'timetz', 'timestamp', 'timestamptz'])
const ALL_DIGITS = 6

const asColumn = (row: ColumnRow): Column => ({
  name: row.name,
  quoted: quoteIdentifier(row.name),
  type: row.type,
  plainType: row.plainType,
  base: row.base,
  secondDigits: TIMED.has(row.base)
    ? Number(/\((\d)\)/.exec(row.plainType)?.[1] ?? ALL_DIGITS)
    : undefined,
  isEnum: row.enum,
  notNull: row.notNull,
  generated: row.generated !== '',
  virtual: row.generated === 'v',
  identity: row.identity,
  default: row.sequence ? `nextval(${quoteLiteral(row.sequence)})` : (row.default ?? 'NULL'),
  textual: TEXTUAL.has(row.base),
  caseless: row.base === 'citext',
  collection: row.category === 'A' ? 'array' : row.base === 'jsonb' ? 'jsonb' : undefined,
})

const nameItSo = (names: readonly string[]): string => {
  const quoted = names.find((name) => name.includes('"'))
  return `There is ${names.join(', ')}: name it so${quoted ? `, in a shell '${quoted}'` : ''}.`
}

async function findTable(session: Session, table: string): Promise<TableRow> {
  const { schema, name } = readTableName(table) ?? { schema: null, name: table }
  const [found] = await session.query<{ described: string }>(selectTable(schema, name))
  // JSON is read here: drivers differ on what they make of a boolean.
  if (found) return JSON.parse(found.described)
  // What stands before the dot may be a part of the name.
  const names: string[] = []
  for (const each of new Set([name, table])) {
    const namesakes = await session.query<{ quoted: string }>(selectNamesakes(each))
    names.push(...namesakes.map(({ quoted }) => quoted))
  }
  throw new OnceoverError('TABLE_NOT_FOUND', {
    message: `There is no table ${table} on ${session.target} that this role can see.`,
    ...(names.length > 0 && { fix: nameItSo(names) }),
    details: { table, namesakes: names },
  })
}

function asTable(row: TableRow): Table {
  const columns = new Map(row.columns.map((each) => [each.name, asColumn(each)]))
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    quoted: `${quoteIdentifier(row.schema)}.${quoteIdentifier(row.name)}`,
    partitioned: row.kind === 'p',
    partitionKey: row.partition_key ?? undefined,
    inherited: row.inherited,
    columns,
    primaryKey: row.primary_key.flatMap((name) => columns.get(name) ?? []),
    rowSecurity: row.row_security,
    unicode: row.unicode,
  }
}

/**
 * Looks a table up in the catalogue, whatever it is.
 *
 * @param table as `readTableName` reads it
 * @throws OnceoverError TABLE_NOT_FOUND naming tables of the same name elsewhere
 */
export const inspectAnyTable = async (session: Session, table: string): Promise<Table> =>
  asTable(await findTable(session, table))

/**
 * Looks a table up in the catalogue that can be guarded.
 *
 * @param table as `readTableName` reads it
 * @throws OnceoverError TABLE_NOT_FOUND, TABLE_UNSUPPORTED, TABLE_WITHOUT_PRIMARY_KEY, and
 * RLS_HIDES_ROWS where the session wants an error rather than a part of the rows
 */
export async function inspectTable(session: Session, table: string): Promise<Table> {
  const row = await findTable(session, table)
  const kind = KINDS[row.kind]
  if (kind) {
    throw new OnceoverError('TABLE_UNSUPPORTED', {
      message: `${table} is ${kind}: it can hold no unique index.`,
      details: { table },
    })
  }
  const found = asTable(row)
  if (row.row_security_off) {
    throw new OnceoverError('RLS_HIDES_ROWS', {
      message: `Row-level security applies to ${table}, and row_security = off forbids to read.`,
      details: { table },
    })
  }
  if (found.primaryKey.length === 0) {
    throw new OnceoverError('TABLE_WITHOUT_PRIMARY_KEY', {
      message: `${table} has no primary key.`,
      fix:
        `Add one, for example: ALTER TABLE ${found.quoted} ` +
        'ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;',
      details: { table },
    })
  }
  return found
}

/** The columns of a table that a piece of SQL may name: too many rather than too few. */
export function columnsNamed(table: Table, sqlText: string): readonly Column[] {
  const words = new Set(sqlText.match(/"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [])
  const names = new Set([...words].map((word) => word.toLowerCase()))
  return [...table.columns.values()].filter(
    ({ name, quoted }) => words.has(quoted) || names.has(name),
  )
}
