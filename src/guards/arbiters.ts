import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { planOf, withoutTrace } from './plan.ts'
import { explainArbiters } from './queries.ts'
import type { Table } from './table.ts'

/** What PostgreSQL says of ON CONFLICT on a key. */
export interface Arbiters {
  /** The unique indexes that it would use; undefined where this role may not ask. */
  readonly names: readonly string[] | undefined
  /** Why it cannot be written at all. */
  readonly refusal?: string
}

async function namesFor(session: Session, statement: Sql) {
  // The lock that planning an INSERT takes would keep builders of indexes out.
  const plan = planOf(await withoutTrace(session, () => session.query(statement)))
  return plan?.['Conflict Arbiter Indexes'] ?? []
}

/**
 * Asks PostgreSQL which unique indexes it would use for ON CONFLICT on a key.
 *
 * @param key items of the conflict target
 * @param where its predicate, or empty
 */
export async function askArbiters(
  session: Session,
  table: Table,
  key: readonly string[],
  where: string,
): Promise<Arbiters> {
  try {
    return { names: await namesFor(session, explainArbiters(table.quoted, key, where)) }
  } catch (error) {
    const state = sqlstate(error)
    if (state === SQLSTATE.invalidColumnReference) return { names: [] }
    if (state === SQLSTATE.undefinedFunction) return { names: [] }
    if (state === SQLSTATE.insufficientPrivilege) return { names: undefined }
    if (state !== SQLSTATE.featureNotSupported) throw error
    const cause = error instanceof OnceoverError ? error.cause : error
    return { names: [], refusal: cause instanceof Error ? cause.message : String(cause) }
  }
}
