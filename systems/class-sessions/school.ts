import { type Onceover, onceover } from 'onceover'
import { Pool } from 'pg'

/** What this system works with: Onceover for the guarded writes, a pool for its own reads. */
export interface School {
  readonly once: Onceover
  readonly pool: Pool
}

/** Opens both on a database for one piece of work, and closes them after it. */
export async function withSchool<T>(
  url: string,
  connections: number,
  work: (school: School) => Promise<T>,
): Promise<T> {
  const { school, close } = await openSchool(url, connections)
  try {
    return await work(school)
  } finally {
    await close()
  }
}

/** Opens both on a database, and connects. */
export async function openSchool(
  url: string,
  connections: number,
): Promise<{ readonly school: School; readonly close: () => Promise<void> }> {
  const pool = new Pool({ connectionString: url, max: connections })
  // A connection that the server ends while nobody uses it is nobody's failure.
  pool.on('error', () => undefined)
  const once = await onceover({ db: pool })
  await pool.query('SELECT 1')
  const close = async () => {
    await once.close()
    await pool.end()
  }
  return { school: { once, pool }, close }
}
