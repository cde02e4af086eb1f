import { OnceoverError } from '../core/error.ts'
import type { Database } from '../postgres/database.ts'
import { tryTurn } from './queries.ts'

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
    throw new OnceoverError('REPAIR_TAKEN', {
      message: `Somebody else works on the repair ${repair} of ${database.target} just now.`,
      details: { repair },
    })
  } finally {
    await connection.close()
  }
}
