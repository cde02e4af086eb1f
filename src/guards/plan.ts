import type { Session } from '../postgres/session.ts'

/** One node of a plan of EXPLAIN (FORMAT JSON), as far as it is read here. */
export interface Plan {
  readonly 'Node Type': string
  readonly Plans?: readonly Plan[]
  readonly Output?: readonly string[]
  readonly 'Conflict Arbiter Indexes'?: readonly string[]
}

/** The top node of the plan that an EXPLAIN (FORMAT JSON) answers with. */
export function planOf(answer: readonly Record<string, unknown>[]): Plan | undefined {
  const [given] = Object.values(answer[0] ?? {})
  // Drivers differ on whether they parse json columns.
  const plans = typeof given === 'string' ? JSON.parse(given) : given
  return plans?.[0]?.Plan
}

const UNDO = Symbol('undo')

/**
 * Runs `work` and undoes what it left in the transaction: locks that would stand in the way of
 * others until its end, and settings. Outside a transaction nothing is left anyway.
 */
export async function withoutTrace<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const results: T[] = []
  await session
    .savepoint(async () => {
      results.push(await work())
      throw UNDO
    })
    .catch((error: unknown) => {
      if (error !== UNDO) throw error
    })
  const [result] = results
  return result as T
}
