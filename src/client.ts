import { Counters, type Counts } from './audit/counters.ts'
import { type EventFilter, events, type StoredEvent } from './audit/events.ts'
import { type Logger, silentLogger } from './core/logger.ts'
import { scan } from './duplicates/scan.ts'
import type { ScanReport } from './duplicates/scan-report.ts'
import { type Enforced, enforce } from './enforcement/enforce.ts'
import type { Guard, KeyedRow, KeyOf } from './guards/guard.ts'
import { type Inspection, inspect } from './guards/inspect.ts'
import { openDatabase } from './postgres/database.ts'
import type { DatabaseInput, Transaction } from './postgres/handle.ts'
import { type Migrated, migrate } from './postgres/migrate.ts'
import { isMigrated } from './postgres/schema.ts'
import { Sql } from './postgres/sql.ts'
import { type Uninstalled, uninstall } from './postgres/uninstall.ts'
import type { Environment } from './rows/environment.ts'
import { type InsertOneResult, type InsertResult, insertArray, insertOne } from './rows/insert.ts'
import type { InsertOptions } from './rows/options.ts'
import { preview } from './rows/preview.ts'
import { insertSelect } from './rows/select.ts'
import { type InsertChunk, insertStream, type StreamOptions } from './rows/stream.ts'

/** What `onceover()` takes. */
export interface OnceoverOptions {
  /** A URL, a pg Pool, a pg Client, or any `{ query(text, values) }`. */
  readonly db: DatabaseInput
  /** Where to tell what happened; a pino logger fits. Default: nowhere. */
  readonly logger?: Logger
}

/** Everything Onceover does on one database. Every method throws OnceoverError only. */
export interface Onceover {
  /** Where the database is, without a password. */
  readonly target: string
  /** Verdicts since this object was made. */
  readonly counters: Counts
  /** Brings the schema `onceover` up to date; safe when many processes start at once. */
  migrate(): Promise<Migrated>
  /** Drops the schema `onceover` and nothing else. */
  uninstall(): Promise<Uninstalled>
  /**
   * Runs `work` in a transaction: BEGIN, work, COMMIT with its answer checked.
   *
   * @param options `retries`: runs of the whole after 40001 or 40P01, default 0
   */
  transaction<T>(
    work: (handle: Transaction) => Promise<T>,
    options?: { readonly retries?: number },
  ): Promise<T>
  /** Holds a guard against the catalogue: its table, its parts, the indexes that cover it. */
  inspect(guard: Guard): Promise<Inspection>
  /** Scans guarded tables; reads only, and needs no schema of ours. */
  scan(guards: Guard | readonly Guard[]): Promise<readonly ScanReport[]>
  /** Makes the unique index of a guard where none covers it; lists the duplicates in its way. */
  enforce(guard: Guard): Promise<Enforced>
  /**
   * Inserts rows in one transaction, with a verdict for each in input order. Rows of a `sql`
   * SELECT never pass through here: their verdicts are in the totals and the events.
   */
  insert<G extends Guard, Row extends KeyedRow<G>>(
    guard: G,
    rows: readonly Row[] | Sql,
    options?: InsertOptions,
  ): Promise<InsertResult<KeyOf<G>>>
  /** Inserts one row; `row` and `existing` have all columns. */
  insertOne<G extends Guard, Row extends KeyedRow<G>>(
    guard: G,
    row: Row,
    options?: InsertOptions,
  ): Promise<InsertOneResult<KeyOf<G>>>
  /** Inserts any number of rows, a transaction for each chunk, in constant memory. */
  insertStream<G extends Guard, Row extends KeyedRow<G>>(
    guard: G,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: StreamOptions,
  ): AsyncGenerator<InsertChunk<KeyOf<G>>, void, undefined>
  /** Says what `insert` would do, row by row; writes nothing. */
  preview<G extends Guard, Row extends KeyedRow<G>>(
    guard: G,
    rows: readonly Row[],
    options?: InsertOptions,
  ): Promise<InsertResult<KeyOf<G>>>
  /** The audit, newest first. */
  events(filter?: EventFilter): Promise<readonly StoredEvent[]>
  /** Ends the connections that this object opened; a given pool or client stays open. */
  close(): Promise<void>
}

function environmentOf(options: OnceoverOptions, counters: Counters): Environment {
  const inspections = new WeakMap<Guard, Map<string, Inspection>>()
  let migrated = false
  return {
    database: openDatabase(options.db),
    logger: options.logger ?? silentLogger,
    counters,
    inspect: async (guard, session) => {
      // A schema for each tenant: the same name may be another table to the handle of a caller.
      const path = session.transactional ? await session.searchPath() : ''
      const known = inspections.get(guard) ?? new Map<string, Inspection>()
      const inspection = known.get(path) ?? (await inspect(session, guard))
      // A guard not yet enforced is asked about again: another process may enforce it.
      if (inspection.coverage.enforced) inspections.set(guard, known.set(path, inspection))
      return inspection
    },
    forget: (guard) => {
      inspections.delete(guard)
      migrated = false
    },
    audited: async (session) => {
      migrated ||= await isMigrated(session)
      return migrated
    },
  }
}

/**
 * Opens Onceover on a database. Nothing is asked of the database yet.
 *
 * @throws OnceoverError DATABASE_URL_INVALID, HANDLE_INVALID
 */
export async function onceover(options: OnceoverOptions): Promise<Onceover> {
  const counters = new Counters()
  const environment = environmentOf(options, counters)
  const { database } = environment
  return {
    target: database.target,
    get counters() {
      return counters.current
    },
    migrate: () => migrate(database),
    uninstall: () => uninstall(database),
    transaction: (work, { retries = 0 } = {}) => database.transaction(work, { retries }),
    inspect: (guard) => inspect(database.session, guard),
    scan: (guards) => scan(database, [guards].flat()),
    enforce: (guard) => enforce(database, guard),
    insert: (guard, rows, given = {}) =>
      rows instanceof Sql
        ? insertSelect(environment, guard, rows, given)
        : insertArray(environment, guard, rows, given),
    insertOne: (guard, row, given = {}) => insertOne(environment, guard, row, given),
    insertStream: (guard, rows, given = {}) => insertStream(environment, guard, rows, given),
    preview: (guard, rows, given = {}) => preview(environment, guard, rows, given),
    events: (filter = {}) => events(database.session, filter),
    close: () => database.close(),
  }
}
