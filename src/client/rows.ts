import type { Door } from '../core/door.ts'
import type { Guard, KeyedRow, KeyOf } from '../guards/guard.ts'
import { Sql } from '../postgres/sql.ts'
import type { Environment } from '../rows/environment.ts'
import { type InsertOneResult, type InsertResult, insertArray, insertOne } from '../rows/insert.ts'
import type { InsertOptions } from '../rows/options.ts'
import { insertSelect } from '../rows/select.ts'
import { type InsertChunk, insertStream, type StreamOptions } from '../rows/stream.ts'

/** Rows: the row is the work. */
export interface RowMethods {
  /**
   * Inserts rows in one transaction, with a verdict for each in input order. Rows of a `sql`
   * SELECT never pass through here: their verdicts are in the totals and the events.
   */
  insert<G extends Guard, const Row extends KeyedRow<G>>(
    guard: G,
    rows: readonly Row[] | Sql,
    options?: InsertOptions,
  ): Promise<InsertResult<KeyOf<G>>>
  /** Inserts one row; `row` and `existing` have all columns. */
  insertOne<G extends Guard, const Row extends KeyedRow<G>>(
    guard: G,
    row: Row,
    options?: InsertOptions,
  ): Promise<InsertOneResult<KeyOf<G>>>
  /** Inserts any number of rows, a transaction for each chunk, in constant memory. */
  insertStream<G extends Guard, const Row extends KeyedRow<G>>(
    guard: G,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: StreamOptions,
  ): AsyncGenerator<InsertChunk<KeyOf<G>>, void, undefined>
}

/** Makes the methods on one database. */
export const rowMethods = (environment: Environment, door: Door): RowMethods => {
  return {
    insert: async (guard, rows, given = {}) => {
      door.enter([guard], given)
      return rows instanceof Sql
        ? insertSelect(environment, guard, rows, given)
        : insertArray(environment, guard, rows, given)
    },
    insertOne: async (guard, row, given = {}) => {
      door.enter([guard], given)
      return insertOne(environment, guard, row, given)
    },
    async *insertStream(guard, rows, given = {}) {
      door.enter([guard], given)
      yield* insertStream(environment, guard, rows, given)
    },
  }
}
