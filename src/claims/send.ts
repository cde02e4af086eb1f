import { setTimeout as sleep } from 'node:timers/promises'
import { OnceoverError } from '../core/error.ts'
import type { Database } from '../postgres/database.ts'
import type { Sql } from '../postgres/sql.ts'

/**
 * Milliseconds that a transaction of the ledger may wait for its client before the server ends it:
 * one whose client is cut off would hold its locks, and everybody who wants those keys.
 */
export const IDLE_MS = 10_000

const CONFLICT_RETRIES = 10
const RESENDS = 60
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500

const UNANSWERED: ReadonlySet<string> = new Set([
  ...['COMMIT_UNKNOWN', 'CONNECTION_LOST', 'DATABASE_UNREACHABLE', 'DATABASE_SILENT'],
])

/** Whether the database never told how a statement ended. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof OnceoverError && UNANSWERED.has(error.code)

/**
 * Does `work` again until the database answers, for about half a minute: a server that restarts
 * takes seconds. It must come to the same where it was done before.
 */
export async function untilAnswered<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let resend = 0; ; resend++) {
    try {
      return await work()
    } catch (error) {
      if (!isUnanswered(error) || resend === RESENDS) throw error
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** resend))
    }
  }
}

/**
 * Runs one statement in a READ COMMITTED transaction of its own, again where its answer was lost:
 * it must come to the same where it ran before.
 */
export function send<Row>(database: Database, statement: Sql): Promise<readonly Row[]> {
  return untilAnswered(() =>
    database.transaction((handle) => database.within(handle).query<Row>(statement), {
      retries: CONFLICT_RETRIES,
      idleMs: IDLE_MS,
    }),
  )
}
