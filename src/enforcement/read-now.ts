import { type Inspection, inspect } from '../guards/inspect.ts'
import { readTableName } from '../guards/table-name.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import type { Enforcement } from './enforcement.ts'
import { isContention } from './lock-retry.ts'
import type { Blocker } from './options.ts'
import { limitLockWait } from './queries.ts'
import { selectOid } from './standing/queries.ts'
import { selectLockHolders } from './watch/queries.ts'
import { blockersOf } from './watch.ts'

async function holdersOf(session: Session, { guard }: Enforcement): Promise<readonly Blocker[]> {
  const { schema, name } = readTableName(guard.table) ?? { schema: null, name: guard.table }
  const found = await session.query<{ oid: string }>(selectOid(schema, name))
  const oids = found.map(({ oid }) => oid)
  return blockersOf(session, selectLockHolders(oids, false))
}

/**
 * Reads one moment of the data, and tries again until the deadline where somebody keeps everyone
 * out of the table.
 *
 * @throws OnceoverError ENFORCE_TIMED_OUT naming who, ENFORCE_STOPPED
 */
export async function readNow<T>(
  database: Database,
  enforcement: Enforcement,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    enforcement.require()
    try {
      return await database.read(async (session) => {
        await session.query(limitLockWait())
        return work(session)
      })
    } catch (error) {
      if (!isContention(error)) throw error
    }
    enforcement.tell({ blockers: await holdersOf(database.session, enforcement) })
    await enforcement.pause(attempt)
  }
}

/** Holds a guard against the catalogue, as it is now. */
export const inspectNow = (database: Database, enforcement: Enforcement): Promise<Inspection> =>
  readNow(database, enforcement, (session) => inspect(session, enforcement.guard))
