import type { Door } from '../core/door.ts'
import type { PageOptions } from '../core/page.ts'
import type { RowValues } from '../core/verdict.ts'
import { violationOf } from '../explain/driver-error.ts'
import { explainViolation } from '../explain/explain.ts'
import { explainKey, type KeyExplanation } from '../explain/explain-key.ts'
import { explainVerdict, isVerdict } from '../explain/explain-verdict.ts'
import type { Explanation } from '../explain/explanation.ts'
import { type KeyHistory, keyHistory } from '../explain/key-history.ts'
import { readLog } from '../explain/log-line.ts'
import type { ExplainOptions } from '../explain/options.ts'
import { limitExplaining } from '../explain/queries.ts'
import { notADuplicate } from '../explain/violation.ts'
import type { Guard } from '../guards/guard.ts'
import { inspect } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import type { Environment } from '../rows/environment.ts'
import { rejectedVerdicts } from '../rows/rejection.ts'

/** Why a row is a duplicate. */
export interface ExplainMethods {
  /**
   * Explains a duplicate: the constraint, the values attempted, the row that stands, who made it
   * and when, which of seven causes it is by the evidence, and what to do. Reads only.
   *
   * @param given the error of a driver or an ORM, an OnceoverError, a verdict, or text that was
   * copied from a log
   * @throws OnceoverError NOT_A_DUPLICATE, CONSTRAINT_NOT_FOUND
   */
  explain(given: unknown, options?: ExplainOptions): Promise<Explanation>
  /** Says which row stands for a key, who made it and when, and who was turned away since. */
  explainKey(guard: Guard, key: RowValues): Promise<KeyExplanation>
  /**
   * All that is known of a key: the rows that stand, its claim and steps, and what the audit says
   * of it, newest first. The audit is searched in bounded time; `next` looks further back.
   */
  history(guard: Guard, key: RowValues, options?: PageOptions): Promise<KeyHistory>
}

const DUPLICATES: readonly string[] = ['skipped', 'collided']

// A rejected input is explained by its first duplicate.
function verdictIn(given: unknown) {
  if (isVerdict(given)) return given
  const verdicts = rejectedVerdicts(given) ?? []
  return verdicts.find(({ verdict }) => DUPLICATES.includes(verdict)) ?? verdicts[0]
}

const LONGEST_LOOK_MS = 30_000

/** Makes the methods on one database. */
export const explainMethods = (environment: Environment, door: Door): ExplainMethods => {
  const { database } = environment
  // Evidence is looked for where no index may serve it: a request must not wait for that for long.
  const read = <T>(work: (session: Session) => Promise<T>, timeoutMs = LONGEST_LOOK_MS) =>
    database.read(async (session) => {
      await session.query(limitExplaining(timeoutMs))
      return work(session)
    })
  return {
    explain: async (given, options = {}) => {
      door.enter(options?.guards ?? [], options)
      const verdict = verdictIn(given)
      if (verdict) {
        return read(
          (session) =>
            explainVerdict(
              { session, inspect: (guard) => environment.inspect(guard, session) },
              verdict,
              options,
            ),
          options.timeoutMs,
        )
      }
      const violation = typeof given === 'string' ? readLog(given) : violationOf(given)
      if (!violation) throw notADuplicate('Nothing in it says that a key was refused.', given)
      return read((session) => explainViolation(session, violation, options), options.timeoutMs)
    },
    explainKey: async (guard, key) => {
      door.enter([guard], key)
      return read(async (session) => explainKey(session, await inspect(session, guard), key))
    },
    history: async (guard, key, given = {}) => {
      door.enter([guard], given)
      return read(async (session) => keyHistory(session, await inspect(session, guard), key, given))
    },
  }
}
