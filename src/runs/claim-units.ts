import { randomUUID } from 'node:crypto'
import type { Grant, Unit } from '../claims/claim.ts'
import type { Terms } from '../claims/grant/queries.ts'
import { type Claimed, claim, type Sendable, type WorkVerdict } from '../claims/grant.ts'
import { isUnanswered } from '../claims/send.ts'
import { OnceoverError } from '../core/error.ts'
import type { PartKind } from '../core/key-part.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { isolate } from '../rows/isolate.ts'
import { refusedRows } from '../rows/refused.ts'
import { record } from './record.ts'
import { checkUnits, type Placed } from './units.ts'
import { renewWork, type Work } from './work.ts'

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

const claimSome = (work: Work, units: readonly Sendable[], patient: boolean): Promise<Claimed> => {
  const { environment, generator, inspection, run, request, lease } = work
  const terms: Terms = {
    inspection,
    run,
    lease: lease.id,
    grant: randomUUID(),
    policy: request.policy === 'replace' ? 'replace' : 'skip',
    attempts: generator.attempts,
    reason: request.reason,
    actor: request.actor,
    patient,
    finishing: work.finishing,
  }
  return claim(environment.database, terms, units, work.given).catch((error: unknown) => {
    // What it was given without hearing of it nobody works on: the lease must run out.
    if (isUnanswered(error)) lease.lose('whether units were claimed is unknown', error)
    throw error
  })
}

// A value that PostgreSQL refuses, such as a number out of range, is the fault of its unit alone.
async function claimApart(
  work: Work,
  units: readonly Sendable[],
  patient: boolean,
): Promise<Claimed> {
  const { session } = work.environment.database
  const { results, refused } = await isolate(session, 0, units.length, (start, end) =>
    claimSome(work, units.slice(start, end), patient),
  )
  const invalid = refusedRows(work.inspection, units, refused)
  await record(work, invalid)
  return {
    grants: results.flatMap(({ grants }) => grants),
    verdicts: [...invalid, ...results.flatMap(({ verdicts }) => verdicts)],
    unleased: results.some(({ unleased }) => unleased),
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
