import { Counters, type Counts } from './audit/counters.ts'
import { type EventFilter, events, type StoredEvent } from './audit/events.ts'
import { OnceoverError } from './core/error.ts'
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
  /** Says what `insert` would do, row by row; writes nothing. */
  preview<G extends Guard, const Row extends KeyedRow<G>>(
    guard: G,
    rows: readonly Row[],
    options?: InsertOptions,
  ): Promise<InsertResult<KeyOf<G>>>
  /** The audit, newest first. */
  events(filter?: EventFilter): Promise<readonly StoredEvent[]>
  /**
   * Ends the connections that this object opened; a given pool or client stays open. Calls after it
   * answer CLOSED; a second one does nothing.
   */
  close(): Promise<void>
}

// No error tells that a default was altered, so that what the catalogue said is not kept for long.
const INSPECTION_MS = 30_000

interface Remembered {
  readonly inspection: Inspection
  readonly until: number
}

function environmentOf(options: OnceoverOptions, counters: Counters): Environment {
  const inspections = new WeakMap<Guard, Map<string, Remembered>>()
  let migrated = false
  return {
    database: openDatabase(options.db),
    logger: options.logger ?? silentLogger,
    counters,
    inspect: async (guard, session) => {
      // A schema for each tenant: the same name may be another table to the handle of a caller.
      const path = session.transactional ? await session.searchPath() : ''
      const known = inspections.get(guard) ?? new Map<string, Remembered>()
      const remembered = known.get(path)
      if (remembered && performance.now() < remembered.until) return remembered.inspection
      const inspection = await inspect(session, guard)
      // A guard not yet enforced is asked about again: another process may enforce it.
      if (inspection.coverage.enforced) {
        const until = performance.now() + INSPECTION_MS
        inspections.set(guard, known.set(path, { inspection, until }))
      }
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

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const isGuard = (value: unknown): boolean =>
  isObject(value) &&
  [value.name, value.table, value.index].every((each) => typeof each === 'string') &&
  [value.keep, value.show, value.children].every(Array.isArray) &&
  isObject(value.key)

function requireGuard(guard: unknown): void {
  if (isGuard(guard)) return
  throw new OnceoverError('GUARD_INVALID', {
    message: 'What was passed as a guard was not made by guard().',
    fix: "Declare it: guard('visits', { table: 'visits', key: { day: date() } }).",
  })
}

function requireOptions(options: unknown, of: string): void {
  if (isObject(options)) return
  throw new OnceoverError('INPUT_INVALID', {
    message: `The options of ${of} are not an object.`,
    fix: `Pass ${of === 'onceover()' ? '{ db }' : 'an object, or leave them out'}.`,
  })
}

function requireWork(work: unknown): void {
  if (typeof work === 'function') return
  throw new OnceoverError('INPUT_INVALID', {
    message: 'What transaction() should run is not a function.',
    fix: 'Pass an async function; it gets the handle of the transaction.',
  })
}

// Passed by JavaScript or read from JSON, anything may come: it is named here, at the door.
class Door {
  readonly #target: string
  #closed: Promise<void> | undefined

  constructor(target: string) {
    this.#target = target
  }

  /** @throws OnceoverError CLOSED, GUARD_INVALID, INPUT_INVALID */
  enter(guards: readonly unknown[], options: unknown = {}): void {
    if (this.#closed) {
      throw new OnceoverError('CLOSED', { message: `Onceover on ${this.#target} was closed.` })
    }
    guards.forEach(requireGuard)
    requireOptions(options, 'the call')
  }

  close(end: () => Promise<void>): Promise<void> {
    this.#closed ??= end()
    return this.#closed
  }
}

/**
 * Opens Onceover on a database. Nothing is asked of the database yet.
 *
 * @throws OnceoverError DATABASE_URL_INVALID, HANDLE_INVALID, INPUT_INVALID
 */
export async function onceover(options: OnceoverOptions): Promise<Onceover> {
  requireOptions(options, 'onceover()')
  const counters = new Counters()
  const environment = environmentOf(options, counters)
  const { database } = environment
  const door = new Door(database.target)
  return {
    target: database.target,
    get counters() {
      return counters.current
    },
    migrate: async () => {
      door.enter([])
      return migrate(database)
    },
    uninstall: async () => {
      door.enter([])
      return uninstall(database)
    },
    transaction: async (work, given = {}) => {
      door.enter([], given)
      requireWork(work)
      return database.transaction(work, { retries: given.retries ?? 0 })
    },
    inspect: async (guard) => {
      door.enter([guard])
      return database.read((session) => inspect(session, guard))
    },
    scan: async (guards) => {
      door.enter([guards].flat())
      return scan(database, [guards].flat())
    },
    enforce: async (guard) => {
      door.enter([guard])
      return enforce(database, guard)
    },
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
    preview: async (guard, rows, given = {}) => {
      door.enter([guard], given)
      return preview(environment, guard, rows, given)
    },
    events: async (filter = {}) => {
      door.enter([], filter)
      return events(database.session, filter)
    },
    close: () => door.close(() => database.close()),
  }
}
