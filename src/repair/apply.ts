import { setTimeout as sleep } from 'node:timers/promises'
import { causeOf, OnceoverError } from '../core/error.ts'
import { countDuplicates } from '../duplicates/scan.ts'
import type { Repetition } from '../duplicates/scan-report.ts'
import type { Guard } from '../guards/guard.ts'
import { inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { isRetryable, isRowFault, SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { fingerprint, selectSkipped, skipLosers } from './batch/queries.ts'
import { applyBatch, type Work } from './batch.ts'
import { familyOf } from './family.ts'
import { refuseHazards } from './hazard.ts'
import { hazardsOf } from './hazards.ts'
import { journalOf } from './journal.ts'
import { duplicatesLeft } from './left.ts'
import { Offence } from './offence.ts'
import { Pace, type PaceOptions, requirePace } from './pace.ts'
import { finishRepair, startRepair } from './queries.ts'
import { readPlan } from './read-plan.ts'
import type { RepairPlan } from './repair-plan.ts'
import { type OwnRepair, readRepair, type StoredRepair } from './stored.ts'
import { inTurn } from './turn.ts'
import { refuseDrift, refuseForeign } from './unchanged.ts'

/** How far an apply is. */
export interface RepairProgress {
  /** Losers that are settled, of how many. */
  readonly done: number
  readonly rows: number
  /** Losers in the batch that was just applied, and how long it took, in milliseconds. */
  readonly batch: number
  readonly batchMs: number
}

/** How a plan is applied. */
export interface ApplyOptions extends PaceOptions {
  readonly actor?: string
  /** Aborted, it stops after the batch that runs; what is applied stands, and it can go on. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: RepairProgress) => void
  /**
   * What to do where rows changed since the plan was made: refuse all of it, or leave these rows
   * out. Default `refuse`; a repair that was begun is always gone on with.
   */
  readonly onDrift?: 'refuse' | 'skip'
}

/** What applying a plan came to, that of an apply that was killed before included. */
export interface Applied {
  readonly repair: string
  readonly state: StoredRepair['state']
  /** How many losers the plan has. */
  readonly rows: number
  readonly removed: number
  readonly changed: number
  readonly skipped: number
  /** Why losers were left as they are, and how many for each reason. */
  readonly why: Readonly<Record<string, number>>
  /** Rows of children that went to keepers, and that were deleted. */
  readonly moved: number
  readonly dropped: number
  readonly batches: number
  /** Duplicates of the guard that stand now. */
  readonly left: Repetition
}

const MOST_RETRIES = 60
const RETRY_MS = 200
const MOST_FAILURES = 100

const TRIGGERED_CHANGE = '27'
const NO_RESOURCES = '53'

// A full disk is nobody's fault, whoever names it; a row that a trigger changed before is at fault.
function isOfARow(error: unknown): boolean {
  const state = sqlstate(error) ?? ''
  if (state.startsWith(NO_RESOURCES)) return false
  return isRowFault(error) || state.startsWith(TRIGGERED_CHANGE)
}

const isInTheWay = (error: unknown): boolean =>
  isRetryable(error) || sqlstate(error) === SQLSTATE.lockNotAvailable

const blocked = (work: Work, cause: unknown): OnceoverError =>
  new OnceoverError('REPAIR_BLOCKED', {
    message:
      `${MOST_FAILURES} losers of the repair ${work.id} in a row could not be removed: ` +
      `${causeOf(cause)}.`,
    details: { repair: work.id, reason: causeOf(cause) },
    cause,
  })

/** Applies the batches of a repair one after another. */
class Applying {
  readonly #database: Database
  readonly #work: Work
  readonly #rows: number
  readonly #options: ApplyOptions
  readonly #pace: Pace
  #retries = 0
  #failures = 0
  // Up to this loser there is one that cannot be removed.
  #suspect = 0

  constructor(database: Database, work: Work, rows: number, options: ApplyOptions) {
    this.#database = database
    this.#work = work
    this.#rows = rows
    this.#options = options
    this.#pace = new Pace(options)
  }

  /** @returns false where it was told to stop */
  async from(next: number): Promise<boolean> {
    const { signal } = this.#options
    let at = next
    while (at <= this.#rows) {
      if (signal?.aborted) return false
      const to = this.#end(at)
      if (!(await this.#apply(at, to))) continue
      at = to + 1
      if (at <= this.#rows) await this.#pace.wait(this.#database.session, signal)
    }
    return true
  }

  #end(at: number): number {
    const to = Math.min(this.#rows, at + this.#pace.size - 1)
    return at > this.#suspect ? to : Math.min(to, at + ((this.#suspect - at) >> 1))
  }

  /** @returns whether the stretch is settled */
  async #apply(from: number, to: number): Promise<boolean> {
    const startedMs = performance.now()
    try {
      const { removed, changed } = await applyBatch(this.#database, this.#work, { from, to })
      // A stretch of which all was skipped is no sign that others can be removed.
      if (removed + changed > 0) this.#failures = 0
    } catch (error) {
      await this.#mend(error, from, to)
      return false
    }
    const batchMs = performance.now() - startedMs
    this.#pace.took(batchMs)
    this.#retries = 0
    const rows = this.#rows
    this.#options.onProgress?.({ done: to, rows, batch: to - from + 1, batchMs })
    return true
  }

  async #mend(error: unknown, from: number, to: number): Promise<void> {
    const named = error instanceof Offence ? error.seqs : []
    if (named.length > 0) return this.#skip(named, causeOf(error))
    if (isInTheWay(error)) {
      if (++this.#retries > MOST_RETRIES) throw error
      this.#pace.halve(to - from + 1)
      await sleep(Math.random() * RETRY_MS)
      return
    }
    if (!(error instanceof Offence || isOfARow(error))) throw error
    this.#suspect = to > from ? to : 0
    if (to > from) return
    if (++this.#failures >= MOST_FAILURES) throw blocked(this.#work, error)
    await this.#skip([String(from)], causeOf(error))
  }

  async #skip(seqs: readonly string[], why: string): Promise<void> {
    const reasons = seqs.map(() => why)
    await this.#database.session.query(skipLosers(this.#work.journal, seqs, reasons))
  }
}

async function resultOf(session: Session, guard: Guard, id: string): Promise<Applied> {
  const repair = await readRepair(session, id)
  const { state, plan, removed, changed, skipped, moved, dropped, batches } = repair
  const why = await session.query<{ why: string; rows: string }>(selectSkipped(journalOf(id)))
  return {
    ...{ repair: id, state, rows: plan.rows, removed, changed, skipped, moved, dropped, batches },
    why: Object.fromEntries(why.map((each) => [each.why, Number(each.rows)])),
    left: await duplicatesLeft(session, guard, repair),
  }
}

async function prepare(
  database: Database,
  guard: Guard,
  repair: OwnRepair,
  options: ApplyOptions,
): Promise<Work> {
  const { hazards, work } = await database.read(async (session) => {
    const inspection = await inspect(session, guard)
    const family = await familyOf(session, inspection)
    const hazards = await hazardsOf(session, inspection, family)
    const [shape] = await session.query<{ fingerprint: string }>(fingerprint(family))
    const own = { inspection, family, fingerprint: shape?.fingerprint }
    return { hazards, work: { ...own, id: repair.id, journal: journalOf(repair.id) } }
  })
  await refuseDrift(database, repair, work, options)
  // Another role may apply than planned, and what stands on the tables may have come since.
  refuseHazards(guard, hazards)
  return work
}

async function work(
  database: Database,
  guard: Guard,
  repair: OwnRepair,
  options: ApplyOptions,
): Promise<Applied> {
  const { session } = database
  if (repair.state === 'applied') return resultOf(session, guard, repair.id)
  const own = await prepare(database, guard, repair, options)
  await session.query(startRepair(repair.id, options.actor ?? null))
  const applying = new Applying(database, own, repair.plan.rows, options)
  if (await applying.from(Number(repair.nextSeq))) await session.query(finishRepair(repair.id))
  return resultOf(session, guard, repair.id)
}

// A plan that nothing was kept of has no losers to apply, or was a dry run.
async function nothing(database: Database, guard: Guard, { rows }: RepairPlan): Promise<Applied> {
  if (rows > 0) {
    throw new OnceoverError('USAGE', {
      message: 'This plan was made in a dry run: nothing of it was kept to apply.',
      fix: 'Plan without `dryRun`, and apply that plan.',
    })
  }
  const none = { rows, removed: 0, changed: 0, skipped: 0, moved: 0, dropped: 0, batches: 0 }
  const left = await database.read(async (session) =>
    countDuplicates(session, await inspect(session, guard)),
  )
  return { repair: '', state: 'applied', ...none, why: {}, left }
}

/**
 * Applies a plan: batch by batch, each in a transaction of its own, so that a killed apply goes on
 * where it was when it is called again. Every loser is judged anew under its lock: one that changed
 * since it was planned, or whose keeper is not before it any more, is left and counted. One that
 * was applied is answered again, and nothing is done; nor is it for a plan without losers.
 *
 * @throws OnceoverError USAGE where this is no plan, PLAN_EDITED, PLAN_FOREIGN, PLAN_DRIFTED naming
 * what changed, REPAIR_REFUSED where a hazard came since it was planned, REPAIR_UNDONE,
 * REPAIR_TAKEN where another apply runs, REPAIR_BLOCKED where hardly any loser can be removed,
 * REPAIR_NOT_FOUND, NOT_MIGRATED, HANDLE_INVALID for a bare `{ query }`
 */
export async function applyRepair(
  database: Database,
  guard: Guard,
  given: RepairPlan,
  options: ApplyOptions = {},
): Promise<Applied> {
  const plan = readPlan(given)
  requirePace(options)
  if (plan.repair === '') return nothing(database, guard, plan)
  return inTurn(database, plan.repair, async () => {
    const repair = await refuseForeign(database.session, plan)
    return work(database, guard, repair, options)
  })
}
