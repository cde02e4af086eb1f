import { type Listed, LOOK, type Looking, readPage } from '../audit/page.ts'
import { unmigrated } from '../claims/register.ts'
import { OnceoverError } from '../core/error.ts'
import { CURSOR, type Page, readCursor, readLimit } from '../core/page.ts'
import { emptyTotals, type RowValues, type Totals, VERDICTS } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import { sqlstate } from '../postgres/sqlstates.ts'
import { checkRunId } from './cancel.ts'
import { searchRuns, selectRun, selectRunFacts } from './list/queries.ts'

/** The states of a run; `crashed` is one whose worker died while it was running. */
export const RUN_STATES = ['running', 'done', 'stopped', 'cancelled', 'crashed'] as const

type RunState = (typeof RUN_STATES)[number]

/** Which runs to read; every field narrows. */
export interface RunFilter {
  readonly guard?: string
  /** One state, or several. */
  readonly state?: RunState | readonly RunState[]
  readonly actor?: string
  /** A text that the reason has in it, whatever the case. */
  readonly reason?: string
  /** How long ago (`1d`) by the database's clock, or a moment in ISO form. */
  readonly since?: string
  /** The end, likewise. */
  readonly until?: string
  /** The cursor of a run: read what began before it. */
  readonly after?: string
  /** How many at most, the newest. Default 100. */
  readonly limit?: number
}

/** A run as the ledger has it; of rows or of work. */
export interface StoredRun {
  readonly id: string
  readonly guard: string
  readonly policy: 'skip' | 'reject' | 'replace' | 'allow'
  readonly state: RunState
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
  /** Its place in the list, as `after`. */
  readonly cursor: string
}

/** A run with what it holds now, and what its external calls came to. */
export interface RunStatus extends Omit<StoredRun, 'cursor'> {
  /** Claims that it holds, of its newest ten thousand. */
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

const DEFAULT_LIMIT = 100

const usage = (message: string, fix: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', { message, fix, cause })

function statesOf({ state }: RunFilter): readonly RunState[] | undefined {
  if (state === undefined) return undefined
  const states = typeof state === 'string' ? [state] : state
  const wrong = states.find((each) => !RUN_STATES.includes(each))
  if (wrong === undefined) return states
  throw usage(
    `There is no state ${JSON.stringify(wrong)} of a run.`,
    `It is one of: ${RUN_STATES.join(', ')}.`,
  )
}

async function reading<T>(session: Session, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const state = sqlstate(error)
    if (state?.startsWith('22')) {
      throw usage('PostgreSQL cannot read the time span.', "Give an interval such as '1d'.", error)
    }
    throw unmigrated(error, session.target)
  }
}

type RunRow = Omit<StoredRun, 'cursor'>

function asRun(run: RunRow): RunRow {
  const totals = { ...emptyTotals(), ...run.totals }
  for (const name of VERDICTS) totals.rows += totals[name]
  return { ...run, totals }
}

function read(
  session: Session,
  filter: RunFilter,
  { after, limit, look }: Looking,
): Promise<Page<Listed<RunRow>>> {
  const states = statesOf(filter)
  const place = readCursor('run', [CURSOR.moment, CURSOR.uuid], after)
  const search = searchRuns({ ...filter, states, after: place, limit, look })
  return reading(session, () => readPage(session, 'run', search, asRun))
}

/** Reads runs, newest first; see `Onceover.runs`. */
export async function runs(session: Session, filter: RunFilter): Promise<readonly StoredRun[]> {
  const limit = readLimit(filter.limit, DEFAULT_LIMIT)
  statesOf(filter)
  return (await read(session, filter, { after: filter.after, limit })).items
}

/** Reads a page of runs; see `Onceover.searchRuns`. */
export async function runPage(session: Session, filter: RunFilter): Promise<Page<StoredRun>> {
  const limit = readLimit(filter.limit, DEFAULT_LIMIT)
  return read(session, filter, { after: filter.after, limit, look: LOOK })
}

/** @throws OnceoverError RUN_NOT_FOUND */
export const runNotFound = (session: Session, id: string): OnceoverError =>
  new OnceoverError('RUN_NOT_FOUND', {
    message: `There is no run ${id} on ${session.target}.`,
    details: { run: id },
  })

/**
 * Reads one run; see `Onceover.status`.
 *
 * @throws OnceoverError RUN_NOT_FOUND, NOT_MIGRATED
 */
export async function status(session: Session, id: string): Promise<RunStatus> {
  checkRunId(id)
  const [row] = await reading(session, () => session.query<{ run: string }>(selectRun(id)))
  if (!row) throw runNotFound(session, id)
  const [facts] = await reading(session, () =>
    session.query<Record<string, string>>(selectRunFacts(id)),
  )
  const number = (name: string) => Number(facts?.[name] ?? 0)
  return {
    ...asRun(JSON.parse(row.run)),
    inFlight: number('in_flight'),
    steps: {
      calls: number('calls'),
      reused: number('reused'),
      asked: number('asked'),
      needsReconcile: number('parked'),
    },
  }
}
