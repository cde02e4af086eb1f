import { failure } from './failure.ts'
import type { Handle } from './handle.ts'
import { type Sql, sql } from './sql.ts'

/**
 * Statements of Onceover on one handle. Every error leaves as an OnceoverError that names the
 * target, with the SQLSTATE in its details.
 */
export class Session {
  readonly target: string
  readonly #handle: Handle

  constructor(handle: Handle, target: string) {
    this.#handle = handle
    this.target = target
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

  /**
   * Runs `work` behind a savepoint, so that an error in it leaves the transaction usable.
   *
   * @throws OnceoverError HANDLE_NOT_IN_TRANSACTION where no transaction is open
   */
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    await this.query(sql`SAVEPOINT onceover`)
    try {
      const result = await work()
      await this.query(sql`RELEASE SAVEPOINT onceover`)
      return result
    } catch (error) {
      await this.query(sql`ROLLBACK TO SAVEPOINT onceover`)
      await this.query(sql`RELEASE SAVEPOINT onceover`)
      throw error
    }
  }
}
