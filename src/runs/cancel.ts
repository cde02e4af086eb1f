import { unmigrated } from '../claims/register.ts'
import { IDLE_MS } from '../claims/send.ts'
import { OnceoverError } from '../core/error.ts'
import type { Session } from '../postgres/session.ts'
import { cancelClaims, cancelRun, lockRun } from './queries.ts'
import type { WorkEnvironment } from './work.ts'

/** Who cancels, and why; kept with the run. */
export interface CancelOptions {
  readonly reason?: string
  readonly actor?: string
}

/** What a cancel did. */
export interface Cancelled {
  /** False where the run had ended already; nothing was changed. */
  readonly cancelled: boolean
  /** How many claims were cancelled: their keys are free. */
  readonly claims: number
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** @throws OnceoverError RUN_NOT_FOUND where an id is no UUID */
export function checkRunId(id: unknown): asserts id is string {
  if (typeof id === 'string' && UUID.test(id)) return
  throw new OnceoverError('RUN_NOT_FOUND', {
    message: `${JSON.stringify(id)} is not the id of a run.`,
    fix: 'Give the UUID that run() answered with.',
  })
}

const RETRIES = 10

/** Cancels a run in one transaction; see `Onceover.cancel`. */
export async function cancel(
  { database, worker }: WorkEnvironment,
  id: string,
  { reason, actor }: CancelOptions,
): Promise<Cancelled> {
  checkRunId(id)
  const cancelled = async (session: Session): Promise<Cancelled> => {
    const [run] = await session.query<{ state: string }>(lockRun(id))
    if (!run) {
      throw new OnceoverError('RUN_NOT_FOUND', {
        message: `There is no run ${id} on ${database.target}.`,
        details: { run: id },
      })
    }
    if (run.state === 'done' || run.state === 'cancelled') return { cancelled: false, claims: 0 }
    const [row] = await session.query<{ claims: string }>(cancelClaims(id, reason, actor))
    await session.query(cancelRun(id, reason, actor))
    return { cancelled: true, claims: Number(row?.claims ?? 0) }
  }
  const options = { retries: RETRIES, idleMs: IDLE_MS }
  const done = await database
    .transaction((handle) => cancelled(database.within(handle)), options)
    .catch((error: unknown) => {
      throw unmigrated(error, database.target)
    })
  if (done.cancelled) (await worker.current())?.cancelled(id)
  return done
}
