import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { assumeIdentity, type Identity, outlast, selectIdentity } from './connections/queries.ts'
import type { Enforcement } from './enforcement.ts'

/** The connections of one enforcement, outside every pool. */
export interface Connections {
  /** Where it builds. */
  readonly session: Session
  /** The backend of it. */
  readonly pid: number
  /** Where it looks on meanwhile. */
  readonly watcher: Session
  close(): Promise<void>
}

async function open(database: Database, identity: Identity, lockMs: number) {
  const connection = await database.connect()
  try {
    const { session } = connection
    await session.query(outlast(lockMs))
    const [own] = await session.query<{ pid: number }>(assumeIdentity(identity))
    return { ...connection, session, pid: own?.pid ?? 0 }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/**
 * Opens two connections that read SQL as the database's own session does: the same role, the same
 * search path, and no more leave to write.
 *
 * @throws OnceoverError HANDLE_INVALID for a bare `{ query }`, and what connecting can fail with
 */
export async function openConnections(
  database: Database,
  { leftMs: lockMs }: Enforcement,
): Promise<Connections> {
  const [identity] = await database.session.query<Identity>(selectIdentity)
  if (!identity) throw new Error('PostgreSQL has a current_user')
  const builder = await open(database, identity, lockMs)
  const watcher = await open(database, identity, lockMs).catch(async (error: unknown) => {
    await builder.close()
    throw error
  })
  return {
    session: builder.session,
    pid: builder.pid,
    watcher: watcher.session,
    close: async () => {
      await Promise.all([builder.close(), watcher.close()])
    },
  }
}
