import { randomUUID } from 'node:crypto'
import type { Grant } from '../claims/claim.ts'
import { fail, release, wordsOf } from '../claims/fail.ts'
import { claim, type WorkVerdict } from '../claims/grant.ts'
import type { Lease } from '../claims/lease.ts'
import { OnceoverError } from '../core/error.ts'
import { failure } from '../postgres/failure.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { toJson } from '../rows/json-value.ts'
import type { Taken } from './claim-units.ts'
import { record, verdictOfLost, verdictsOfLost } from './record.ts'
import type { Work } from './work.ts'

const codeOf = (error: unknown): string =>
  error instanceof OnceoverError ? error.code : 'ATTEMPT_FAILED'

const factsOf = (work: Work, error: unknown): Pick<WorkVerdict, 'sqlstate' | 'constraint'> => {
  const state = sqlstate(error)
  if (state === undefined) return {}
  const { constraint } = failure(error, work.environment.database.target).details
  return { sqlstate: state, ...(typeof constraint === 'string' && { constraint }) }
}

async function failed(work: Work, { grant, lease }: Taken, error: unknown): Promise<WorkVerdict> {
  const { environment, generator, audit } = work
  const parked = codeOf(error) === 'STEP_NEEDS_RECONCILE'
  const ended = await fail(environment.database, audit, lease.id, grant, {
    error: wordsOf(error),
    backoffMs: generator.backoffMs,
    attempts: parked ? 1 : generator.attempts,
  })
  if (!ended) return verdictOfLost(work, grant)
  return {
    index: grant.index,
    verdict: 'failed',
    key: grant.key,
    reason: wordsOf(error),
    code: codeOf(error),
    attempt: grant.attempt,
    ...(ended.retryMs !== undefined && { retryMs: ended.retryMs }),
    ...factsOf(work, error),
  }
}

// Beside a row that is replaced, a row in the way of another constraint is no sign of a writer who
// was first: to ask again would find the row that stands, and hide the failure.
function isConflict(work: Work, { grant }: Taken, error: unknown): boolean {
  const { sqlstate: state } = factsOf(work, error)
  return state === SQLSTATE.uniqueViolation && !grant.replaces
}

// The row in the way is the one to replace: save inserted beside it, and would again.
function named(work: Work, { grant }: Taken, error: unknown): unknown {
  const { sqlstate: state, constraint } = factsOf(work, error)
  const { guard, coverage } = work.inspection
  const own = coverage.indexes.some(({ name }) => name === constraint)
  if (state !== SQLSTATE.uniqueViolation || !grant.replaces || !own) return error
  return new OnceoverError('SAVE_MISSED_EXISTING', {
    message: `save of ${guard.name} inserted a row beside the one that it was to replace.`,
    details: { guard: guard.name, existing: grant.existing ?? null },
    cause: error,
  })
}

// Somebody who knows nothing of claims may have written the row first: the claim is given back and
// asked for again, which finds the row, or finds that it was another constraint.
async function conflicted(work: Work, taken: Taken, error: unknown): Promise<WorkVerdict> {
  const { environment, generator, inspection, request, run } = work
  const { grant, unit, lease } = taken
  await release(environment.database, generator.guard.name, lease.id, [grant], wordsOf(error))
  const terms = {
    inspection,
    run,
    lease: lease.id,
    grant: randomUUID(),
    policy: 'skip' as const,
    attempts: generator.attempts,
    reason: request.reason,
    actor: request.actor,
    patient: false,
  }
  const values = Object.fromEntries(
    Object.entries(unit.key).filter(([name]) => inspection.table.columns.has(name)),
  )
  const kept = toJson({ key: values, input: unit.input ?? null })
  const { index } = grant
  const { grants, verdicts } = await claim(environment.database, terms, [
    { index, values, unit: kept, fingerprint: null },
  ])
  const [again] = grants
  if (again) return failed(work, { ...taken, grant: again }, error)
  return verdicts[0] ?? verdictOfLost(work, grant)
}

/**
 * Ends the attempt of a unit that was not saved, and gives its verdict. An abort is no failure of
 * the unit: the claim was lost, or the run cancelled. That the ledger knows, not the error: it may
 * be the one of another run that `make` waited for.
 */
export async function endAttempt(work: Work, taken: Taken, error: unknown): Promise<WorkVerdict> {
  const { index, key, attempt } = taken.grant
  const code = codeOf(error)
  const lost: WorkVerdict = { index, verdict: 'failed', key, code, reason: wordsOf(error), attempt }
  if (code === 'LEASE_LOST' && !taken.lease.valid) {
    // Where the database is out of reach, that the unit was lost here is told by its takeover.
    await record(work, [lost]).catch(() => {})
    return lost
  }
  try {
    return isConflict(work, taken, error)
      ? await conflicted(work, taken, error)
      : await failed(work, taken, named(work, taken, error))
  } catch (second) {
    // A lease that went on beating would hold the unit, which nobody works on, for ever.
    taken.lease.lose('a failed attempt could not be recorded', second)
    work.environment.logger.error(
      { run: work.run, key, code: codeOf(second) },
      `onceover: a failed attempt could not be recorded: ${wordsOf(second)}`,
    )
    return lost
  }
}

/** Gives units back that were not begun; whoever comes next takes them. */
export async function giveBack(
  work: Work,
  taken: readonly Taken[],
  why: string,
): Promise<WorkVerdict[]> {
  const byLease = new Map<Lease, Grant[]>()
  for (const { grant, lease } of taken) {
    byLease.set(lease, [...(byLease.get(lease) ?? []), grant])
  }
  const { environment, generator } = work
  const released = new Set<Grant>()
  for (const [lease, grants] of byLease) {
    const own = await release(
      environment.database,
      generator.guard.name,
      lease.id,
      grants,
      why,
    ).catch((error: unknown) => {
      lease.lose('units could not be given back', error)
      throw error
    })
    for (const grant of own) released.add(grant)
  }
  const all = taken.map(({ grant }) => grant)
  const given = all
    .filter((grant) => released.has(grant))
    .map(({ index, key }): WorkVerdict => ({ index, verdict: 'cancelled', key, reason: why }))
  await record(work, given)
  const lost = all.filter((grant) => !released.has(grant))
  return [...given, ...(await verdictsOfLost(work, lost))]
}
