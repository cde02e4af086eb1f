import { unmigrated } from '../claims/register.ts'
import { OnceoverError } from '../core/error.ts'
import { emptyTotals, type RowValues, type Totals, VERDICTS } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import type { Sql } from '../postgres/sql.ts'
import { sqlstate } from '../postgres/sqlstates.ts'
import { refuseValue, toJson } from '../rows/json-value.ts'
import { checkRunId } from './cancel.ts'
import { selectClaims, selectRunFacts, selectRuns } from './list/queries.ts'

/** The states of a run; `crashed` is one whose worker died while it was running. */
export const RUN_STATES = ['running', 'done', 'stopped', 'cancelled', 'crashed'] as const
/** The states of a claim. */
export const CLAIM_STATES = ['claimed', 'done', 'failed', 'exhausted', 'cancelled'] as const

/** Which runs to read; every field narrows. */
export interface RunFilter {
  readonly guard?: string
  readonly state?: (typeof RUN_STATES)[number]
  /** How long ago (`1d`) by the database's clock, or a moment in ISO form. */
  readonly since?: string
  /** How many at most, the newest. Default 100. */
  readonly limit?: number
}

/** A run as the ledger has it; of rows or of work. */
export interface StoredRun {
  readonly id: string
  readonly guard: string
  readonly policy: 'skip' | 'reject' | 'replace' | 'allow'
  readonly state: (typeof RUN_STATES)[number]
  readonly reason: string | null
  readonly actor: string | null
  readonly cancelReason: string | null
  readonly cancelledBy: string | null
  readonly range: RowValues | null
  /** The worker of its lease; null for a run of rows. */
  readonly worker: string | null
  /** In ISO form, UTC. */
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly totals: Totals
}

/** A run with what it holds now, and what its external calls came to. */
export interface RunStatus extends StoredRun {
  readonly inFlight: number
  readonly steps: {
    /** Calls that were made. */
    readonly calls: number
    /** Calls that were answered from the record instead. */
    readonly reused: number
    /** Times that a provider was asked for a lost answer. */
    readonly asked: number
    /** Steps that a person must look at. */
    readonly needsReconcile: number
  }
}

/** Which claims to read; every field narrows. */
export interface ClaimFilter {
  readonly guard?: string
  /** Some parts of the key, as PostgreSQL writes them. */
  readonly key?: RowValues
  readonly state?: (typeof CLAIM_STATES)[number]
  readonly run?: string
  /** How many at most, the latest. Default 100. */
  readonly limit?: number
}

/** A claim as the ledger has it. */
export interface StoredClaim {
  readonly guard: string
  /** The canonical key, by part. */
  readonly key: RowValues
  readonly state: (typeof CLAIM_STATES)[number]
  readonly attempt: number
  readonly fence: string
  readonly origin: 'new' | 'taken_over' | 'retried' | 'reopened'
  readonly run: string
  readonly worker: string | null
  readonly leaseUntil: string | null
  readonly retryAt: string | null
  readonly error: string | null
  /** The step whose answer was lost and that a person must look at; see `once.resolveStep`. */
  readonly needsReconcile: string | null
  readonly result: unknown
  readonly claimedAt: string
  readonly endedAt: string | null
}

const DEFAULT_LIMIT = 100

const usage = (message: string, fix: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', { message, fix, cause })

function check(limit: number | undefined, state: unknown, states: readonly string[]): number {
  if (state !== undefined && !states.includes(state as string)) {
    throw usage(
      `There is no state ${JSON.stringify(state)}.`,
      `It is one of: ${states.join(', ')}.`,
    )
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw usage(`The limit ${limit} is not a whole number from 0 on.`, 'Give a number.')
  }
  return limit ?? DEFAULT_LIMIT
}

function keyJson(key: unknown): string {
  const wrong = typeof key !== 'object' || key === null ? 'it is no object' : refuseValue(key)
  if (wrong === undefined) return toJson(key)
  throw usage(`The key cannot be read: ${wrong}.`, "Give parts by name: { month: '2025-10-01' }.")
}

async function read<Row>(session: Session, statement: Sql): Promise<readonly Row[]> {
  try {
    return await session.query<Row>(statement)
  } catch (error) {
    const state = sqlstate(error)
    if (state?.startsWith('22')) {
      throw usage('PostgreSQL cannot read the time span.', "Give an interval such as '1d'.", error)
    }
    throw unmigrated(error, session.target)
  }
}

function asRun(text: string): StoredRun {
  const run = JSON.parse(text) as StoredRun
  const totals = { ...emptyTotals(), ...run.totals }
  for (const name of VERDICTS) totals.rows += totals[name]
  return { ...run, totals }
}

/** Reads runs, newest first; see `Onceover.runs`. */
export async function runs(session: Session, filter: RunFilter): Promise<readonly StoredRun[]> {
  const limit = check(filter.limit, filter.state, RUN_STATES)
  const rows = await read<{ run: string }>(session, selectRuns({ ...filter, limit }))
  return rows.map(({ run }) => asRun(run))
}

/**
 * Reads one run; see `Onceover.status`.
 *
 * @throws OnceoverError RUN_NOT_FOUND, NOT_MIGRATED
 */
export async function status(session: Session, id: string): Promise<RunStatus> {
  checkRunId(id)
  const [row] = await read<{ run: string }>(session, selectRuns({ id, limit: 1 }))
  if (!row) {
    throw new OnceoverError('RUN_NOT_FOUND', {
      message: `There is no run ${id} on ${session.target}.`,
      details: { run: id },
    })
  }
  const [facts] = await read<Record<string, string>>(session, selectRunFacts(id))
  const number = (name: string) => Number(facts?.[name] ?? 0)
  return {
    ...asRun(row.run),
    inFlight: number('in_flight'),
    steps: {
      calls: number('calls'),
      reused: number('reused'),
      asked: number('asked'),
      needsReconcile: number('parked'),
    },
  }
}

type ClaimRow = Omit<StoredClaim, 'key'> & {
  readonly parts: readonly string[] | null
  readonly key: readonly unknown[]
}

/** Reads claims, the latest first; see `Onceover.claims`. */
export async function claims(
  session: Session,
  filter: ClaimFilter,
): Promise<readonly StoredClaim[]> {
  const limit = check(filter.limit, filter.state, CLAIM_STATES)
  if (filter.run !== undefined) checkRunId(filter.run)
  const { key, ...others } = filter
  const rows = await read<{ claim: string }>(
    session,
    selectClaims({ ...others, ...(key !== undefined && { key: keyJson(key) }), limit }),
  )
  return rows.map(({ claim }) => {
    const { parts, key, ...rest } = JSON.parse(claim) as ClaimRow
    const named = key.map((value, place) => [parts?.[place] ?? String(place), value])
    return { ...rest, key: Object.fromEntries(named) }
  })
}
