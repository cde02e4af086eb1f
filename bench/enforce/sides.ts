import type { Onceover } from 'onceover'
import pg from 'pg'
import { KEY, seats, TABLE } from './table.ts'

/** One of the ways to a unique index on a table with duplicates, to which others write. */
export interface Side {
  readonly name: string
  /** @returns how often the index was built, and whether it stands */
  enforce(): Promise<{ readonly builds: number; readonly stands: boolean }>
}

const MOST_BUILDS = 5
const UNIQUE_VIOLATION = '23505'
const INDEX = 'seats_by_hand'

const deleteDuplicates = `
  DELETE FROM ${TABLE} WHERE id IN (SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY ${KEY.join(', ')} ORDER BY id) AS rank
    FROM ${TABLE}) AS ranked WHERE rank > 1)`

const build = (concurrently: '' | 'CONCURRENTLY'): string =>
  `CREATE UNIQUE INDEX ${concurrently} ${INDEX} ON ${TABLE} (${KEY.join(', ')})`

/** Enforces through Onceover: it repairs behind its gate, journalled, and builds. */
export const onceoverSide = (once: Onceover): Side => ({
  name: 'onceover',
  enforce: async () => {
    let builds = 0
    await once.enforce(seats, {
      online: true,
      repair: true,
      onProgress: ({ step, phase }) => {
        if (step === 'build' && phase === undefined) builds++
      },
    })
    return { builds, stands: true }
  },
})

/** What is written down everywhere: delete the duplicates, build concurrently, and try again. */
export const retrySide = (pool: pg.Pool): Side => ({
  name: 'delete, build concurrently, retry',
  enforce: async () => {
    for (let builds = 1; builds <= MOST_BUILDS; builds++) {
      await pool.query(deleteDuplicates)
      try {
        await pool.query(build('CONCURRENTLY'))
        return { builds, stands: true }
      } catch (error) {
        if (!(error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION)) throw error
        await pool.query(`DROP INDEX CONCURRENTLY IF EXISTS ${INDEX}`)
      }
    }
    return { builds: MOST_BUILDS, stands: false }
  },
})

/** What surely works: keep all writers out until it is done. */
export const lockSide = (pool: pg.Pool): Side => ({
  name: 'lock, delete, build',
  enforce: async () => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await client.query(`LOCK TABLE ${TABLE} IN SHARE ROW EXCLUSIVE MODE`)
      await client.query(deleteDuplicates)
      await client.query(build(''))
      await client.query('COMMIT')
      return { builds: 1, stands: true }
    } finally {
      client.release()
    }
  },
})
