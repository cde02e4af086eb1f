import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import { selectConstraints } from './queries.ts'
import { notADuplicate, type Violation } from './violation.ts'

/** One part of the key of a constraint. */
export interface ConstraintPart {
  /** The part as PostgreSQL spells it: a quoted column or an expression. */
  readonly sql: string
  /** The same as errors name it. */
  readonly spelled: string
  /** Its column; null for an expression. */
  readonly column: string | null
  readonly type: string
  readonly notNull: boolean
  /** The operator by which two values are in conflict: `=`, or that of an exclusion. */
  readonly operator: string
}

/** A unique or exclusion constraint, or a unique index that is none, as the catalogue has it. */
export interface Constraint {
  /** The name that an error gives it. */
  readonly name: string
  readonly schema: string
  readonly table: string
  /** Oids of its table and, of a partition, of the tables above. */
  readonly tables: readonly string[]
  readonly exclusion: boolean
  readonly nullsNotDistinct: boolean
  readonly predicate: string | undefined
  readonly definition: string
  /** True where it is an index without a constraint. */
  readonly bare: boolean
  readonly parts: readonly ConstraintPart[]
}

interface ConstraintRow {
  index: string
  constraint: string | null
  schema: string
  table: string
  visible: boolean
  primary: boolean
  tables: string[]
  exclusion: boolean
  nulls_not_distinct: boolean
  predicate: string | null
  definition: string
  parts: Omit<ConstraintPart, 'spelled'>[]
}

const asConstraint = (row: ConstraintRow): Constraint => ({
  name: row.constraint ?? row.index,
  schema: row.schema,
  table: row.table,
  tables: row.tables,
  exclusion: row.exclusion,
  nullsNotDistinct: row.nulls_not_distinct,
  predicate: row.predicate ?? undefined,
  definition: row.definition,
  bare: row.constraint === null,
  // In the catalogue a part stands as errors name it.
  parts: row.parts.map((part) => ({ ...part, spelled: part.sql })),
})

const sameWord = (one: string, other: string): boolean =>
  one.replaceAll('_', '').toLowerCase() === other.replaceAll('_', '').toLowerCase()

// How well a constraint of the catalogue agrees with what the error says of it.
function agreement(row: ConstraintRow, violation: Violation, guarded: ReadonlySet<string>): number {
  const { schema, table, detail, constraints } = violation
  const place = constraints.indexOf(row.constraint ?? row.index)
  const head = `(${row.parts.map(({ sql }) => sql).join(', ')})=(`
  const signs = [
    detail?.includes(head) === true,
    table !== undefined && sameWord(table, row.table),
    schema === row.schema,
    row.tables.some((oid) => guarded.has(oid)),
    place >= 0,
    row.visible,
  ]
  // Each sign outweighs all that come after it.
  return signs.reduce((sum, sign) => sum * 2 + Number(sign), 0)
}

const contradicts = (row: ConstraintRow, { kind }: Violation): boolean =>
  (kind === 'exclusion' && !row.exclusion) || (kind === 'unique' && row.exclusion)

const unknownTo = (session: Session, { constraints, columns, table }: Violation): OnceoverError => {
  const what =
    constraints.length > 0 ? constraints[0] : `on ${(columns ?? []).join(', ')} of ${table ?? '?'}`
  return new OnceoverError('CONSTRAINT_NOT_FOUND', {
    message: `${session.target} has no unique or exclusion constraint ${what}.`,
    details: { target: session.target, constraints, columns, table },
  })
}

/**
 * The constraint of the catalogue that an error is about.
 *
 * @param guarded oids of the tables of the guards that were passed
 * @throws OnceoverError CONSTRAINT_NOT_FOUND, and NOT_A_DUPLICATE where nothing names one
 */
export async function findConstraint(
  session: Session,
  violation: Violation,
  guarded: ReadonlySet<string>,
): Promise<Constraint> {
  const { constraints, columns } = violation
  if (constraints.length === 0 && columns === undefined) {
    throw notADuplicate('The error names neither a constraint nor the columns of one.')
  }
  const answer = await session.query<{ described: string }>(
    selectConstraints({ names: constraints, columns }),
  )
  const [best] = answer
    .map(({ described }): ConstraintRow => JSON.parse(described))
    .filter((row) => !contradicts(row, violation))
    .map((row) => ({ row, agreed: agreement(row, violation, guarded) }))
    .sort((one, other) => other.agreed - one.agreed)
  if (best) return asConstraint(best.row)
  if (violation.kind === undefined) {
    throw notADuplicate('The text names no unique or exclusion constraint of this database.')
  }
  throw unknownTo(session, violation)
}
