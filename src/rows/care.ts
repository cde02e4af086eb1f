import { isRowFault } from '../postgres/sqlstates.ts'

/** How rows that may break a statement are inserted, the cheapest first. */
export type Care =
  /** In one statement for each chunk: a row at fault breaks the call. */
  | 'fast'
  /** Rows at fault are isolated. */
  | 'careful'
  /** As are rows that break a deferred constraint, which would be checked at COMMIT only. */
  | 'strict'

/**
 * Runs `attempt` the fast way, and with more care where a row broke it.
 *
 * @param own true in a transaction of its own: what a caller deferred is the caller's to break
 */
export async function withCare<T>(own: boolean, attempt: (care: Care) => Promise<T>): Promise<T> {
  const cares: Care[] = own ? ['fast', 'careful', 'strict'] : ['fast', 'careful']
  for (const care of cares) {
    try {
      return await attempt(care)
    } catch (error) {
      if (!isRowFault(error) || care === cares.at(-1)) throw error
    }
  }
  throw new TypeError('there is no care left')
}
