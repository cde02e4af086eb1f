import { OnceoverError } from '../core/error.ts'
import type { Database } from '../postgres/database.ts'
import type { Transaction } from '../postgres/handle.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import type { Grant } from './claim.ts'
import { type ClaimAudit, completeClaims, lockClaims, probeClaims } from './queries.ts'
import { saveHandle } from './save-handle.ts'
import { isUnanswered, onceFree, send } from './send.ts'

/** Who completes claims, and how long a save may stand still. */
export interface Completion {
  readonly database: Database
  readonly audit: ClaimAudit
  readonly lease: string
  /** Milliseconds that the transaction may wait for its client before the server ends it. */
  readonly idleMs: number
}

/** What became of the claims of one transaction. */
export interface Completed {
  readonly saved: readonly Grant[]
  /** Taken over or cancelled before the save began; nothing was written for them. */
  readonly lost: readonly Grant[]
}

/** Writes the units that are still owned; may answer with the JSON of a single unit's result. */
export type Save = (handle: Transaction, owned: readonly Grant[]) => Promise<string | undefined>

const CONFLICT_RETRIES = 3

const hashesOf = (grants: readonly Grant[]) => grants.map(({ hash }) => hash)

interface LockRow {
  readonly locked: string | null
  readonly transaction: string
}

async function saveAwaited(inner: Transaction, owned: readonly Grant[], save: Save) {
  const { handle, settle } = saveHandle(inner)
  try {
    const result = await save(handle, owned)
    const left = await settle()
    if (left === 0) return result
    throw new OnceoverError('SAVE_NOT_AWAITED', {
      message: `save returned while ${left} of its statements ran: nobody would hear them fail.`,
    })
  } catch (error) {
    await settle()
    throw error
  }
}

async function once(
  { database, audit, lease, idleMs }: Completion,
  grants: readonly Grant[],
  save: Save,
  inner: Transaction,
): Promise<Completed> {
  const session = database.within(inner)
  const [row] = await session.query<LockRow>(
    lockClaims(audit.guard, lease, hashesOf(grants), idleMs),
  )
  const fences = new Map<string, string>(JSON.parse(row?.locked ?? '[]'))
  const isOwned = ({ hash, fence }: Grant) => fences.get(hash) === String(fence)
  const owned = grants.filter(isOwned)
  const lost = grants.filter((grant) => !isOwned(grant))
  if (owned.length === 0) return { saved: [], lost }
  const result = await saveAwaited(inner, owned, save)
  const [done] = await session.query<{ ended: string; transaction: string }>(
    completeClaims(audit, lease, hashesOf(owned), result),
  )
  if (done?.transaction !== row?.transaction || Number(done?.ended) !== owned.length) {
    throw new OnceoverError('SAVE_ENDED_TRANSACTION', {
      message: `save on ${database.target} ended the transaction that was to complete its claim.`,
    })
  }
  return { saved: owned, lost }
}

/** One claim as the ledger has it now. */
export interface Fate {
  readonly hash: string
  readonly state: 'claimed' | 'done' | 'failed' | 'exhausted' | 'cancelled'
  readonly fence: string
  readonly lease: string | null
  readonly done_lease: string | null
  readonly error: string | null
}

/**
 * What became of claims, asked until the database answers: a server that restarts takes seconds.
 * Read behind a lock, because a COMMIT may still be under way.
 */
export async function fates(
  database: Database,
  guard: string,
  grants: readonly Grant[],
): Promise<ReadonlyMap<string, Fate>> {
  const rows = await send<Fate>(database, probeClaims(guard, hashesOf(grants)))
  return new Map(rows.map((row) => [row.hash, row]))
}

const isMine = (fate: Fate | undefined, { fence }: Grant, lease: string): boolean =>
  fate?.state === 'done' && fate.done_lease === lease && fate.fence === String(fence)

/**
 * Completes claims: locks those that are still owned, runs `save` in the same transaction, marks
 * them done, commits. A COMMIT without an answer is looked up, never guessed: the transaction made
 * all of them done, or none, and then it is run again.
 *
 * @throws what `save` throws, after which nothing of it stands; SAVE_ENDED_TRANSACTION;
 * SAVE_TIMED_OUT where it stood still for `idleMs`;
 * COMMIT_UNKNOWN where the database could not be reached for half a minute
 */
export async function complete(
  completion: Completion,
  grants: readonly Grant[],
  save: Save,
): Promise<Completed> {
  const { database, audit, lease, idleMs } = completion
  for (let attempt = 0; ; attempt++) {
    try {
      return await onceFree((begin) => {
        const work = (inner: Transaction) => {
          begin()
          return once(completion, grants, save, inner)
        }
        return database.transaction(work, { retries: CONFLICT_RETRIES, abandon: true })
      })
    } catch (error) {
      if (sqlstate(error) === SQLSTATE.idleInTransactionSessionTimeout) {
        throw new OnceoverError('SAVE_TIMED_OUT', {
          message: `save of ${audit.guard} stood still, and the server ended its transaction.`,
          details: { guard: audit.guard, idleMs },
          cause: error,
        })
      }
      if (!isUnanswered(error)) throw error
      const found = await fates(database, audit.guard, grants)
      const mine = grants.filter((grant) => isMine(found.get(grant.hash), grant, lease))
      if (mine.length > 0) {
        return { saved: mine, lost: grants.filter((grant) => !mine.includes(grant)) }
      }
      if (attempt === CONFLICT_RETRIES) throw error
    }
  }
}
