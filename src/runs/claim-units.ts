import { randomUUID } from 'node:crypto'
import type { Grant, Unit } from '../claims/claim.ts'
import { wordsOf } from '../claims/fail.ts'
import type { Terms } from '../claims/grant/queries.ts'
import { type Claimed, claim, type Sendable, type WorkVerdict } from '../claims/grant.ts'
import { releaseGrants } from '../claims/queries.ts'
import { isUnanswered } from '../claims/send.ts'
import { OnceoverError } from '../core/error.ts'
import type { PartKind } from '../core/key-part.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { isolate } from '../rows/isolate.ts'
import { refusedRows } from '../rows/refused.ts'
import { record } from './record.ts'
import { checkUnits, type Placed } from './units.ts'
import { renewWork, send, type Work } from './work.ts'

/** A unit that this worker was given. */
export interface Taken {
  readonly grant: Grant
  /** Its key as PostgreSQL wrote it, and its input. */
  readonly unit: Unit
  /** The lease under which it is held. */
  readonly lease: Work['lease']
}

/** What became of a chunk of units so far. */
export interface Chunk {
  readonly taken: readonly Taken[]
  readonly verdicts: readonly WorkVerdict[]
}

const RELEASES = 3

const WRITTEN: ReadonlySet<PartKind> = new Set(['date', 'time', 'timestamp', 'uuid'])

// What has many forms comes as PostgreSQL writes it. Other values stay as they were given: the
// canonical form of a text that is trimmed is its key, not what shall be stored.
const written = ({ parts }: Inspection, key: RowValues): RowValues =>
  Object.fromEntries(
    parts.flatMap(({ name, part }) => (WRITTEN.has(part.kind) ? [[name, key[name]]] : [])),
  )

const termsOf = (work: Work, patient: boolean, grant: string): Terms => {
  const { generator, inspection, run, request, lease } = work
  return {
    inspection,
    run,
    lease: lease.id,
    grant,
    policy: request.policy === 'replace' ? 'replace' : 'skip',
    attempts: generator.attempts,
    reason: request.reason,
    actor: request.actor,
    patient,
    finishing: work.finishing,
  }
}

// What was given, heard of or not, nobody would work on, and a lease that goes on beating would
// hold it for ever.
async function dropGrants(work: Work, grants: readonly string[], error: unknown): Promise<void> {
  const { environment, generator, run, lease } = work
  const held = { guard: generator.guard.name, run, lease: lease.id }
  try {
    if (isUnanswered(error)) throw error
    await send(environment, releaseGrants(held, grants, wordsOf(error)))
  } catch (second) {
    lease.lose('whether units were claimed is unknown', second)
  }
}

// A value that PostgreSQL refuses, such as a number out of range, is the fault of its unit alone.
async function claimApart(
  work: Work,
  units: readonly Sendable[],
  patient: boolean,
): Promise<Claimed> {
  const { database } = work.environment
  const grants: string[] = []
  const claimSome = (start: number, end: number) => {
    const grant = randomUUID()
    grants.push(grant)
    const terms = termsOf(work, patient, grant)
    return claim(database, terms, units.slice(start, end), work.given)
  }
  try {
    const { results, refused } = await isolate(database.session, 0, units.length, claimSome)
    const invalid = refusedRows(work.inspection, units, refused)
    await record(work, invalid)
    return {
      grants: results.flatMap((each) => each.grants),
      verdicts: [...invalid, ...results.flatMap(({ verdicts }) => verdicts)],
      unleased: results.some(({ unleased }) => unleased),
    }
  } catch (error) {
    await dropGrants(work, grants, error)
    throw error
  }
}

/**
 * Checks a chunk of units and claims them. Where the lease was lost, a new one is taken.
 *
 * @param patient units that others hold are asked for again: `in_flight` is not recorded
 * @throws OnceoverError LEASE_LOST where leases are lost again and again
 */
export async function claimChunk(
  work: Work,
  placed: readonly Placed[],
  patient = false,
): Promise<Chunk> {
  const { environment, generator, inspection, run } = work
  const { database } = environment
  const checked = await checkUnits(database, generator, inspection, placed)
  await record(work, checked.invalid)
  for (let release = 0; ; release++) {
    // Under a lease that is lost here, and lives in the database still, everything would fail.
    if (!work.lease.valid) await renewWork(work)
    const { lease } = work
    const claimed = await claimApart(work, checked.units, patient)
    if (!claimed.unleased) {
      const taken = claimed.grants.map((grant): Taken => {
        const unit = checked.byIndex.get(grant.index)
        const key = { ...unit?.key, ...written(inspection, grant.key) }
        return { grant, unit: { key, input: unit?.input }, lease }
      })
      return { taken, verdicts: [...checked.invalid, ...claimed.verdicts] }
    }
    if (release === RELEASES) {
      throw new OnceoverError('LEASE_LOST', {
        message: `The lease of run ${run} was lost as soon as it was taken, ${RELEASES} times.`,
        details: { run },
      })
    }
    await renewWork(work)
  }
}
