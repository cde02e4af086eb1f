import { SQLSTATE } from '../postgres/sqlstates.ts'
import { messageKind, namesIn } from './message.ts'
import { present, type Violation, type ViolationKind } from './violation.ts'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const MAX_DEPTH = 8
// Where ORMs keep the error of the driver, besides `cause`.
const INNER = ['cause', 'driverError', 'original', 'parent', 'err', 'error', 'meta'] as const
const INNER_OF_META = ['driverAdapterError'] as const

/** An error and those that it wraps, the outermost first. */
function* wrapped(error: unknown, depth = 0): Generator<Fields> {
  if (!isObject(error) || depth > MAX_DEPTH) return
  yield error
  for (const name of [...INNER, ...INNER_OF_META]) yield* wrapped(error[name], depth + 1)
}

const text = (...values: readonly unknown[]): string | undefined =>
  values.find((value): value is string => typeof value === 'string' && value !== '')

const KINDS: Readonly<Record<string, ViolationKind>> = {
  [SQLSTATE.uniqueViolation]: 'unique',
  [SQLSTATE.exclusionViolation]: 'exclusion',
  [SQLSTATE.notNullViolation]: 'not_null',
  P2002: 'unique',
}

const stateOf = ({ code, sqlState, sqlstate, state_code, originalCode }: Fields) =>
  text(code, sqlState, sqlstate, state_code, originalCode)

const kindOf = (fields: Fields): ViolationKind | undefined =>
  KINDS[stateOf(fields) ?? ''] ??
  (fields.kind === 'UniqueConstraintViolation' ? 'unique' : undefined)

const names = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []

// Prisma: `target` is the name of the constraint, or the columns; an adapter says either as object.
function target({ meta, constraint }: Fields): Pick<Violation, 'constraints' | 'columns'> {
  const given = isObject(meta) ? meta.target : undefined
  const adapted = isObject(constraint) ? constraint : {}
  const columns = [...names(given), ...names(adapted.fields)].map((name) =>
    name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"'),
  )
  const constraints = [text(given), text(adapted.index)].filter((name) => name !== undefined)
  return { constraints, ...(columns.length > 0 && { columns }) }
}

function readFields(fields: Fields, kind: ViolationKind): Violation {
  const { meta, message } = fields
  const words = text(message, fields.originalMessage) ?? ''
  const aimed = target(fields)
  const named = text(fields.constraint, fields.constraint_name)
  const constraints = [...(named ? [named] : []), ...aimed.constraints]
  return {
    kind,
    // What the words quote may be anything, such as a table of the statement before them.
    constraints: constraints.length > 0 ? constraints : namesIn(words),
    ...present<Partial<Violation>>({
      schema: text(fields.schema, fields.schema_name),
      table: text(fields.table, fields.table_name, isObject(meta) ? meta.modelName : undefined),
      column: text(fields.column, fields.column_name),
      columns: aimed.columns,
      detail: text(fields.detail),
      at: text(fields.timestamp) ?? 'now',
    }),
  }
}

/** Each fact from whoever says it, the innermost error first: it is the driver's own. */
function merged(found: readonly Violation[]): Violation | undefined {
  const [first] = found
  if (!first) return undefined
  const known = Object.assign({}, ...found) as Violation
  const constraints = [...new Set(found.toReversed().flatMap((each) => each.constraints))]
  return { ...known, constraints }
}

/**
 * Reads the error of a driver or an ORM, whatever wraps it: pg, postgres.js, Prisma (P2002),
 * Drizzle, Kysely, TypeORM, Sequelize, MikroORM, Knex, Onceover's own, or such an error as JSON.
 *
 * @returns undefined where it is none of a duplicate
 */
export function violationOf(error: unknown): Violation | undefined {
  const all = [...wrapped(error)]
  const found = all.flatMap((fields) => {
    const kind = kindOf(fields)
    return kind ? [readFields(fields, kind)] : []
  })
  const told = merged(found)
  if (told) return told
  // A wrapper that keeps nothing but the words.
  const spoken = all.flatMap((fields) => {
    const kind = messageKind(String(fields.message ?? ''))
    return kind ? [readFields(fields, kind)] : []
  })
  return merged(spoken)
}

/**
 * Whether an error of a driver or an ORM is the refusal of a unique or exclusion constraint,
 * whatever wraps it. Asks nothing of the database.
 */
export const isDuplicate = (error: unknown): boolean => {
  const kind = violationOf(error)?.kind
  return kind === 'unique' || kind === 'exclusion'
}
