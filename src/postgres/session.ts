import { failure } from './failure.ts'
import type { Handle } from './handle.ts'
import { type Sql, sql } from './sql.ts'
import { SQLSTATE, sqlstate } from './sqlstates.ts'

/**
 * Statements of Onceover on one handle. Every error leaves as an OnceoverError that names the
 * target, with the SQLSTATE in its details.
 */
export class Session {
  readonly target: string
  /** Whether the statements run inside one transaction; `maybe` for a bare `{ query }`. */
  readonly transactional: boolean | 'maybe'
  readonly #handle: Handle

  constructor(handle: Handle, target: string, transactional: boolean | 'maybe') {
    this.#handle = handle
    this.target = target
    this.transactional = transactional
  }

  /** Runs one statement and returns its rows. */
  async query<Row = Record<string, unknown>>(statement: Sql): Promise<readonly Row[]> {
    try {
      const { rows } = await this.#handle.query(statement.text, [...statement.values])
      return rows as readonly Row[]
    } catch (error) {
      throw failure(error, this.target)
    }
  }

  /** Where an unqualified name is looked up, and as whom: both may differ from handle to handle. */
  async searchPath(): Promise<string> {
    const [row] = await this.query<{ path: string }>(
      sql`SELECT current_user || ' ' || current_setting('search_path') AS path`,
    )
    return row?.path ?? ''
  }

  /**
   * Runs `work` behind a savepoint, so that an error in it leaves the transaction usable. Outside
   * a transaction there is nothing to protect, and no savepoint.
   *
   * @throws OnceoverError HANDLE_NOT_IN_TRANSACTION where no transaction is open
   */
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    if (!this.transactional) return work()
    try {
      await this.query(sql`SAVEPOINT onceover`)
    } catch (error) {
      if (this.transactional === 'maybe' && sqlstate(error) === SQLSTATE.noActiveSqlTransaction) {
        return work()
      }
      throw error
    }
    try {
      const result = await work()
      await this.query(sql`RELEASE SAVEPOINT onceover`)
      return result
    } catch (error) {
      // Where the way back is gone too, the first error is the one that says why.
      await this.query(sql`ROLLBACK TO SAVEPOINT onceover`)
        .then(() => this.query(sql`RELEASE SAVEPOINT onceover`))
        .catch(() => {})
      throw error
    }
  }
}
