import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ClaimCounts,
  type Guard,
  type Inspection,
  OnceoverError,
  type StoredRun,
} from '../index.ts'
import type { ServerContext } from './context.ts'
import { type Problem, problemOf } from './problem.ts'
import { SingleFlight } from './single-flight.ts'

/** What the catalogue says of a guard, or why it cannot be asked. */
export interface Looked {
  readonly inspection: Inspection | null
  readonly error: Problem | null
}

/** What the ledger says of a guard; nothing where it is missing. */
export interface Ledger {
  readonly counts: ClaimCounts
  readonly lastRun: StoredRun | null
}

const NOTHING: Ledger = {
  counts: { claimed: 0, failed: 0, exhausted: 0, cancelled: 0 },
  lastRun: null,
}

const PATIENCE_MS = 2000

interface Facts {
  readonly looked: SingleFlight<Looked>
  readonly ledger: SingleFlight<Ledger>
}

// Many look at the guards at once, and each guard takes a dozen questions of the catalogue.
const facts = new WeakMap<ServerContext, Facts>()

function factsOf(context: ServerContext): Facts {
  const known = facts.get(context)
  if (known) return known
  const made = { looked: new SingleFlight<Looked>(), ledger: new SingleFlight<Ledger>() }
  facts.set(context, made)
  return made
}

/** Has nobody share what was found of a guard before now. */
export function forgetFacts(context: ServerContext, guard: string): void {
  factsOf(context).looked.forget(guard)
}

const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  error instanceof OnceoverError && codes.includes(error.code)

// Then no guard can be looked at, and the answer is that.
const isOutage = (error: unknown): boolean =>
  problemOf(error).status === 503 && !hasCode(error, ['TIMEOUT', 'NOT_MIGRATED'])

async function look({ once }: ServerContext, guard: Guard): Promise<Looked> {
  try {
    return { inspection: await once.inspect(guard), error: null }
  } catch (error) {
    if (isOutage(error)) throw error
    return { inspection: null, error: problemOf(error) }
  }
}

const locked = ({ name, table }: Guard): Looked => {
  const message = `${table}, the table of ${name}, is locked: its indexes cannot be asked for.`
  return { inspection: null, error: problemOf(new OnceoverError('TIMEOUT', { message })) }
}

/**
 * Holds a guard against the catalogue; its own fault is part of the answer. A table that somebody
 * has locked keeps nobody from the other guards: it is given up on, while it is waited for.
 */
export async function lookAt(context: ServerContext, guard: Guard): Promise<Looked> {
  const found = factsOf(context).looked.get(guard.name, () => look(context, guard))
  const ended = new AbortController()
  const { signal } = ended
  const given = sleep(PATIENCE_MS, locked(guard), { signal, ref: false })
  // Ended before its time, it is no answer.
  given.catch(() => {})
  return Promise.race([found, given]).finally(() => ended.abort())
}

async function readLedger({ once }: ServerContext, { name }: Guard): Promise<Ledger> {
  try {
    const [{ [name]: counts }, [lastRun]] = await Promise.all([
      once.counts([name]),
      once.runs({ guard: name, limit: 1 }),
    ])
    return { counts: counts ?? NOTHING.counts, lastRun: lastRun ?? null }
  } catch (error) {
    if (hasCode(error, ['NOT_MIGRATED'])) return NOTHING
    throw error
  }
}

/** Reads what the ledger says of a guard. */
export const ledgerOf = (context: ServerContext, guard: Guard): Promise<Ledger> =>
  factsOf(context).ledger.get(guard.name, () => readLedger(context, guard))
