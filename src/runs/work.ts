import { randomUUID } from 'node:crypto'
import type { GivenPlaces } from '../claims/grant.ts'
import type { Lease } from '../claims/lease.ts'
import type { ClaimAudit } from '../claims/queries.ts'
import { register, registrationOf, unmigrated } from '../claims/register.ts'
import { send as sendTo } from '../claims/send.ts'
import type { Worker } from '../claims/worker.ts'
import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Sql } from '../postgres/sql.ts'
import type { Environment } from '../rows/environment.ts'
import { checkEnforced } from '../rows/options.ts'
import type { AnyGenerator } from './generator.ts'
import { openRun, renewRun, reopenRun } from './queries.ts'
import type { UnderWay } from './under-way.ts'

/** What the functions on work run in. */
export interface WorkEnvironment extends Environment {
  readonly worker: Worker
  /** What this process works on. */
  readonly underWay: UnderWay
  /** The keys of guards whose registration was checked, by the guards' names. */
  readonly registered: Map<string, string>
}

/** What a run is asked to do, as far as the ledger keeps it. */
export interface Request {
  readonly policy: 'skip' | 'reject' | 'replace'
  readonly reason: string | undefined
  readonly actor: string | undefined
  /** JSON of the range, where there is one. */
  readonly range: string | undefined
  /** The only keys of it, as `onlyKeys` wrote them; undefined for all. */
  readonly only?: string | undefined
}

/** A run of work that is under way. */
export interface Work {
  readonly environment: WorkEnvironment
  readonly generator: AnyGenerator
  readonly inspection: Inspection
  readonly run: string
  readonly request: Request
  readonly audit: ClaimAudit
  /** Whether it finishes what others began: a replacement goes on though its row stands. */
  readonly finishing: boolean
  /** The lease under which new claims are made. */
  lease: Lease
  /** For a run over an array, which is in memory anyway: the places of the keys it was given. */
  given?: GivenPlaces
}

/** Runs one statement of the ledger, again where its answer was lost. */
export const send = <Row>(
  { database }: Pick<WorkEnvironment, 'database'>,
  statement: Sql,
): Promise<readonly Row[]> => sendTo<Row>(database, statement)

/**
 * The guard of a generator, held against the catalogue and the ledger.
 *
 * @throws OnceoverError GUARD_NOT_ENFORCED, GUARD_CHANGED, GUARD_RENAMED, NOT_MIGRATED
 */
async function prepareGuard(
  environment: WorkEnvironment,
  { guard }: AnyGenerator,
): Promise<Inspection> {
  const { database, registered } = environment
  const inspection = await environment.inspect(guard, database.session)
  checkEnforced(inspection)
  const own = registrationOf(inspection)
  if (registered.get(guard.name) !== own.key) {
    await register(database, own)
    registered.set(guard.name, own.key)
  }
  return inspection
}

const auditOf = (run: string, { guard, parts }: Inspection, request: Request): ClaimAudit => ({
  run,
  guard: guard.name,
  parts: parts.map(({ name }) => name),
  reason: request.reason,
  actor: request.actor,
})

/**
 * Opens a run: the guard checked, a lease, a line in the ledger.
 *
 * @param finishing see `Work.finishing`
 */
export async function openWork(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  request: Request,
  finishing = false,
): Promise<Work> {
  const inspection = await prepareGuard(environment, generator)
  const lease = await environment.worker.lease()
  const run = randomUUID()
  const { guard } = generator
  const opened = openRun({ id: run, guard: guard.name, lease: lease.id, ...request })
  await send(environment, opened).catch((error: unknown) => {
    throw unmigrated(error, environment.database.target)
  })
  const audit = auditOf(run, inspection, request)
  return { environment, generator, inspection, run, request, audit, finishing, lease }
}

interface Reopened {
  readonly guard: string
  /** Null where it was not reopened. */
  readonly policy: 'skip' | 'reject' | 'replace' | null
  readonly reason: string | null
  readonly actor: string | null
  readonly range: string | null
  readonly only: string | null
}

/**
 * Goes on with a run that crashed or stopped.
 *
 * @throws OnceoverError RUN_NOT_FOUND where there is none to go on with
 */
export async function reopenWork(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  run: string,
): Promise<Work> {
  const inspection = await prepareGuard(environment, generator)
  const lease = await environment.worker.lease()
  const { name } = generator.guard
  const [found] = await send<Reopened>(environment, reopenRun(run, name, lease.id))
  if (!found?.policy) {
    throw new OnceoverError('RUN_NOT_FOUND', {
      message:
        found === undefined || found.guard === name
          ? `There is no run ${run} to go on with: it is unknown, cancelled, or still running.`
          : `The run ${run} is one of the guard ${found.guard}, not of ${name}.`,
      details: { run },
    })
  }
  const request: Request = {
    policy: found.policy,
    reason: found.reason ?? undefined,
    actor: found.actor ?? undefined,
    range: found.range ?? undefined,
    only: found.only ?? undefined,
  }
  return {
    environment,
    generator,
    inspection,
    run,
    request,
    audit: auditOf(run, inspection, request),
    finishing: true,
    lease,
  }
}

/**
 * Takes a new lease for a run whose old one is lost; what was held under that is stopped.
 *
 * @throws OnceoverError LEASE_LOST where another worker has the run by now
 */
export async function renewWork(work: Work): Promise<void> {
  const { environment, run, lease: before } = work
  before.lose('another worker marked it dead')
  work.lease = await environment.worker.lease()
  const [own] = await send(environment, renewRun(run, before.id, work.lease.id))
  if (own) return
  throw new OnceoverError('LEASE_LOST', {
    message: `The run ${run} was ended or gone on with elsewhere while this worker was silent.`,
    details: { run },
  })
}
