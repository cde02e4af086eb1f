import { inspect } from '../guards/inspect.ts'
import type { InspectedPart } from '../guards/part.ts'
import type { Session } from '../postgres/session.ts'
import type { Constraint, ConstraintPart } from './constraint.ts'
import type { Placed } from './guarded.ts'
import type { Violation } from './violation.ts'

// As PostgreSQL writes a name that needs no quotes.
const PLAIN = /^[a-z_][a-z0-9_]*$/

const partOf = ({ name, column, encoding, base }: InspectedPart): ConstraintPart => {
  const plain = column !== undefined && encoding.indexed === column.quoted
  return {
    sql: encoding.inline,
    spelled: plain && PLAIN.test(name) ? name : encoding.inline,
    column: plain ? name : null,
    type: plain ? column.type : base,
    notNull: column?.notNull ?? false,
    operator: '=',
  }
}

/**
 * The constraint that is still to come: while a guard is enforced beside writers, its gate refuses
 * duplicates in the name of an index that is not there yet.
 *
 * @returns undefined where no guard that was passed has an index of the name
 */
export async function gatedConstraint(
  session: Session,
  placed: readonly Placed[],
  { constraints, table }: Violation,
): Promise<Constraint | undefined> {
  for (const { guard, oid } of placed) {
    if (!constraints.includes(guard.index)) continue
    const inspection = await inspect(session, guard)
    if (table !== undefined && table !== inspection.table.name) continue
    const { copies, parts } = inspection
    const copy = copies && {
      sql: copies.quoted,
      spelled: copies.name,
      column: copies.name,
      type: copies.type,
      notNull: true,
      operator: '=',
    }
    return {
      name: guard.index,
      schema: inspection.table.schema,
      table: inspection.table.name,
      tables: [oid],
      exclusion: false,
      nullsNotDistinct: parts.some(({ part }) => part.nulls === 'equal'),
      predicate: guard.where,
      definition: `the gate of the guard ${guard.name}`,
      bare: true,
      parts: [...parts.map(partOf), ...(copy ? [copy] : [])],
    }
  }
  return undefined
}
