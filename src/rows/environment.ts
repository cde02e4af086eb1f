import type { Counters } from '../audit/counters.ts'
import type { Audit } from '../audit/queries.ts'
import type { Log, Logger } from '../core/logger.ts'
import type { Totals, Verdict } from '../core/verdict.ts'
import { VERDICTS } from '../core/verdict.ts'
import type { Guard } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { InsertOptions } from './options.ts'
import { standInLine } from './ranked/queries.ts'

/** What the functions on rows work in. */
export interface Environment {
  readonly database: Database
  readonly logger: Logger
  readonly counters: Counters
  /** The guard held against the catalogue, remembered until `forget`. */
  inspect(guard: Guard, session: Session): Promise<Inspection>
  /** Has the guard and our schema looked at again: what was known of them was wrong. */
  forget(guard: Guard): void
  /** Whether Onceover's own tables are there. */
  audited(session: Session): Promise<boolean>
}

const RETRIES = 10

/**
 * Runs `work` in the transaction of the caller's handle, behind a savepoint, or in one of its own
 * that is run again on a deadlock. Calls by two guards of one table go in by two orders, and may
 * deadlock again and again; so those that did stand in line.
 */
export function inTransaction<T>(
  { database }: Environment,
  { handle }: InsertOptions,
  { table }: Inspection,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (handle) {
    const session = database.within(handle)
    return session.savepoint(() => work(session))
  }
  let again = false
  return database.transaction(
    async (own) => {
      const session = database.within(own)
      if (again) await session.query(standInLine(table.quoted))
      again = true
      return work(session)
    },
    { retries: RETRIES },
  )
}

// The last call on each handle that is not done yet.
const lines = new WeakMap<object, Promise<unknown>>()

/**
 * Runs the calls on one handle one after the other. At once, their savepoints would interleave,
 * and the failure of one would roll the rows of another back.
 */
export async function inTurn<T>({ handle }: InsertOptions, work: () => Promise<T>): Promise<T> {
  if (!handle) return work()
  const before = lines.get(handle) ?? Promise.resolve()
  const own = before.then(work, work)
  lines.set(handle, own)
  return own
}

const STALE: ReadonlySet<string | undefined> = new Set([
  SQLSTATE.invalidColumnReference,
  SQLSTATE.undefinedColumn,
  SQLSTATE.undefinedTable,
])

/** Runs `work`, and once more where the table changed since the guard was last inspected. */
export async function withFreshInspection<T>(
  environment: Environment,
  guard: Guard,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!STALE.has(sqlstate(error))) throw error
    environment.forget(guard)
    return work()
  }
}

/** Logs what is committed: a log that cannot be written must not make it look failed. */
export function tell(
  logger: Logger,
  level: keyof Logger,
  facts: Parameters<Log>[0],
  message: string,
) {
  try {
    logger[level](facts, message)
  } catch {
    // There is nobody left to tell.
  }
}

/** Counts and logs what came of a call. Without an audit the log is the only trace of the keys. */
export function report(
  { logger, counters }: Environment,
  audit: Audit,
  totals: Totals,
  verdicts: readonly Verdict[],
  recorded: boolean,
): void {
  for (const name of VERDICTS) counters.add(name, totals[name])
  const { run, guard, policy, actor, reason } = audit
  const facts = { run, guard, policy, actor, reason, totals }
  const troubled = totals.invalid + totals.failed > 0
  tell(logger, troubled ? 'warn' : 'info', facts, 'onceover: rows inserted')
  if (recorded) return
  for (const name of VERDICTS) {
    const own = verdicts.filter(({ verdict }) => verdict === name)
    if (own.length === 0) continue
    const keys = own.map(({ key }) => key)
    const existing = own.map((verdict) => verdict.existing ?? null)
    const event = { guard, verdict: name, keys, existing, actor, reason }
    tell(logger, 'info', event, 'onceover: event')
  }
}
