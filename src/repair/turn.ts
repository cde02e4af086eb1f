import { OnceoverError } from '../core/error.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { selectTurnHolder, tryTurn } from './queries.ts'

interface Holder {
  readonly pid: number
  readonly user: string | null
}

// Between the two statements the holder may have ended.
async function takenBy(session: Session, repair: string): Promise<OnceoverError> {
  const found = await session.query<Holder & Record<string, unknown>>(selectTurnHolder(repair))
  const [holder] = found
  const as = holder?.user ? ` as ${holder.user}` : ''
  const who = holder ? `pid ${holder.pid}${as} works` : 'Somebody else works'
  return new OnceoverError('REPAIR_TAKEN', {
    message: `The repair ${repair} of ${session.target} is taken: ${who} on it just now.`,
    details: { repair, ...(holder && { pid: holder.pid, user: holder.user }) },
  })
}

/**
 * Does work on a repair while nobody else does. The turn is held by a connection of its own: it
 * ends with the process, however that ends.
 *
 * @throws OnceoverError REPAIR_TAKEN, HANDLE_INVALID for a bare `{ query }`
 */
export async function inTurn<T>(
  database: Database,
  repair: string,
  work: () => Promise<T>,
): Promise<T> {
  const connection = await database.connect()
  try {
    const [row] = await connection.session.query<{ taken: boolean }>(tryTurn(repair))
    if (row?.taken) return await work()
    throw await takenBy(connection.session, repair)
  } finally {
    await connection.close()
  }
}
