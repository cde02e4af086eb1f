import { OnceoverError } from '../core/error.ts'
import type { EncodedColumn } from '../postgres/encoder.ts'
import { quoteIdentifier } from '../postgres/identifier.ts'
import type { Session } from '../postgres/session.ts'
import { selectTable } from './queries.ts'

/** A column as the catalogue describes it. */
export interface Column extends EncodedColumn {
  readonly name: string
  /** The type as SQL writes it, such as `numeric(12,2)`. */
  readonly type: string
  /** The same without a domain: the type that its values have before the domain checks them. */
  readonly plainType: string
  /** The name of the base type, such as `int4`; a domain's base type. */
  readonly base: string
  readonly isEnum: boolean
  readonly notNull: boolean
  readonly generated: boolean
  /** `a` for GENERATED ALWAYS AS IDENTITY, `d` for BY DEFAULT, else empty. */
  readonly identity: string
  /** SQL of the value of a row that does not name the column. */
  readonly default: string
  /** False where its collation calls different texts equal. */
  readonly deterministic: boolean
}

/** A table as the catalogue describes it. */
export interface Table {
  readonly oid: string
  readonly schema: string
  readonly name: string
  /** `"schema"."name"`. */
  readonly quoted: string
  readonly partitioned: boolean
  readonly columns: ReadonlyMap<string, Column>
  readonly primaryKey: readonly Column[]
  /** True where row-level security hides rows from this role. */
  readonly rowSecurity: boolean
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
  generated: boolean
  default: string | null
  sequence: string | null
  deterministic: boolean
}

interface TableRow {
  oid: string
  schema: string
  name: string
  kind: string
  row_security: boolean
  columns: ColumnRow[] | string
  primary_key: string[] | string
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
}

const TEXTUAL = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])

// Drivers differ on whether they parse json columns.
const json = <T>(value: T | string): T => (typeof value === 'string' ? JSON.parse(value) : value)

const asColumn = (row: ColumnRow): Column => ({
  name: row.name,
  quoted: quoteIdentifier(row.name),
  type: row.type,
  plainType: row.plainType,
  base: row.base,
  isEnum: row.enum,
  notNull: row.notNull,
  generated: row.generated,
  identity: row.identity,
  default: row.sequence ? `nextval('${row.sequence}')` : (row.default ?? 'NULL'),
  deterministic: row.deterministic,
  textual: TEXTUAL.has(row.base),
  collection: row.category === 'A' ? 'array' : row.base === 'jsonb' ? 'jsonb' : undefined,
})

const split = (table: string): [schema: string | null, name: string] => {
  const dot = table.indexOf('.')
  return dot < 0 ? [null, table] : [table.slice(0, dot), table.slice(dot + 1)]
}

async function findTable(session: Session, table: string): Promise<TableRow> {
  const [row] = await session.query<TableRow>(selectTable(...split(table)))
  if (!row) {
    throw new OnceoverError('TABLE_NOT_FOUND', {
      message: `There is no table ${table} on ${session.target} that this role can see.`,
      details: { table },
    })
  }
  return row
}

/**
 * Looks a table up in the catalogue.
 *
 * @param table `name` on the search path, or `schema.name`, spelled as in the catalogue
 * @throws OnceoverError TABLE_NOT_FOUND, TABLE_UNSUPPORTED, TABLE_WITHOUT_PRIMARY_KEY
 */
export async function inspectTable(session: Session, table: string): Promise<Table> {
  const row = await findTable(session, table)
  const quoted = `${quoteIdentifier(row.schema)}.${quoteIdentifier(row.name)}`
  const kind = KINDS[row.kind]
  if (kind) {
    throw new OnceoverError('TABLE_UNSUPPORTED', {
      message: `${table} is ${kind}: it can hold no unique index.`,
      details: { table },
    })
  }
  const columns = new Map(json(row.columns).map((each) => [each.name, asColumn(each)]))
  const primaryKey = json(row.primary_key).flatMap((name) => columns.get(name) ?? [])
  if (primaryKey.length === 0) {
    throw new OnceoverError('TABLE_WITHOUT_PRIMARY_KEY', {
      message: `${table} has no primary key.`,
      fix:
        'Add one, for example: ' +
        `ALTER TABLE ${quoted} ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;`,
      details: { table },
    })
  }
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    quoted,
    partitioned: row.kind === 'p',
    columns,
    primaryKey,
    rowSecurity: row.row_security,
  }
}

/** The columns of a table that a piece of SQL may name: too many rather than too few. */
export function columnsNamed(table: Table, sqlText: string): readonly Column[] {
  const words = new Set(sqlText.match(/"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [])
  const names = new Set([...words].map((word) => word.toLowerCase()))
  return [...table.columns.values()].filter(
    ({ name, quoted }) => words.has(quoted) || names.has(name),
  )
}
