import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'

const isSilent = (state: string | undefined): boolean =>
  state === SQLSTATE.insufficientPrivilege ||
  state === SQLSTATE.undefinedTable ||
  state === SQLSTATE.undefinedColumn ||
  state === SQLSTATE.undefinedFunction ||
  // Data exceptions: a value of a text that its type cannot read.
  state?.startsWith('22') === true

/** What `work` finds out; undefined where this role may not ask, or a value cannot be read. */
export async function quietly<T>(session: Session, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await session.savepoint(work)
  } catch (error) {
    if (isSilent(sqlstate(error))) return undefined
    throw error
  }
}
