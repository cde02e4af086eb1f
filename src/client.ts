import { Counters, type Counts } from './audit/counters.ts'
import { type EventFilter, events, type StoredEvent } from './audit/events.ts'
import { registrationOf, rename } from './claims/register.ts'
import { resolve, type StepResolution } from './claims/resolve.ts'
import { Worker, type WorkerOptions } from './claims/worker.ts'
import { Door, requireOptions, requireWork } from './core/door.ts'
import { type Logger, silentLogger } from './core/logger.ts'
import type { RowValues } from './core/verdict.ts'
import { scan } from './duplicates/scan.ts'
import type { ScanReport } from './duplicates/scan-report.ts'
import { type Enforced, enforce } from './enforcement/enforce.ts'
import type { Guard, KeyedRow, KeyOf } from './guards/guard.ts'
import { type Inspection, inspect } from './guards/inspect.ts'
import { type Database, openDatabase } from './postgres/database.ts'
import type { DatabaseInput, Transaction } from './postgres/handle.ts'
import { type Migrated, migrate } from './postgres/migrate.ts'
import { Sql } from './postgres/sql.ts'
import { type Uninstalled, uninstall } from './postgres/uninstall.ts'
import type { Environment } from './rows/environment.ts'
import { type InsertOneResult, type InsertResult, insertArray, insertOne } from './rows/insert.ts'
import { openEnvironment } from './rows/open-environment.ts'
import type { InsertOptions } from './rows/options.ts'
import { preview } from './rows/preview.ts'
import { insertSelect } from './rows/select.ts'
import { type InsertChunk, insertStream, type StreamOptions } from './rows/stream.ts'
import { type Cancelled, type CancelOptions, cancel } from './runs/cancel.ts'
import {
  type AnyGenerator,
  type Generator,
  isGenerator,
  requireGenerator,
  type UnitOf,
  type UnitSource,
} from './runs/generator.ts'
import {
  type ClaimFilter,
  claims,
  type RunFilter,
  type RunStatus,
  runs,
  type StoredClaim,
  type StoredRun,
  status,
} from './runs/list.ts'
import type { RunOptions } from './runs/options.ts'
import { previewRun, type RunPreview } from './runs/preview.ts'
import { type ReconcileOptions, type Reconciliation, reconcile } from './runs/reconcile.ts'
import { type RetryOptions, resume, retry } from './runs/resume.ts'
import { type RunResult, run } from './runs/run.ts'
import { type RunOneOptions, type RunOneResult, runOne } from './runs/run-one.ts'
import type { Source } from './runs/source.ts'
import { UnderWay } from './runs/under-way.ts'
import type { WorkEnvironment } from './runs/work.ts'

/** What `onceover()` takes; how its worker keeps a lease is needed for work only. */
export interface OnceoverOptions extends WorkerOptions {
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
  /** Says what `run` would do with each unit; writes nothing. */
  preview<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    source: UnitSource<G, Input> | NoInfer<Range>,
    options?: Pick<RunOptions, 'onDuplicate'>,
  ): Promise<RunPreview<KeyOf<G>>>
  /**
   * Makes every unit exactly once, whatever else runs and wherever it is killed. Units come from an
   * array, anything iterable, or a range that the generator's `expected` knows.
   */
  run<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    source: UnitSource<G, Input> | NoInfer<Range>,
    options?: RunOptions<KeyOf<G>>,
  ): Promise<RunResult<KeyOf<G>>>
  /** Makes one unit exactly once; `wait` is how long to wait for another's result. */
  runOne<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    unit: UnitOf<G, Input>,
    options?: RunOneOptions,
  ): Promise<RunOneResult<KeyOf<G>>>
  /**
   * Goes on with a run that crashed or stopped: with what it claimed and did not finish, and with
   * the rest of its range.
   */
  resume<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    run: string,
    options?: RunOptions<KeyOf<G>>,
  ): Promise<RunResult<KeyOf<G>>>
  /** Tries failed and exhausted units again, and makes the missing ones of a range. */
  retry<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    options?: RetryOptions<KeyOf<G>, NoInfer<Range>>,
  ): Promise<RunResult<KeyOf<G>>>
  /**
   * Cancels a run: its claims, running or failed, are cancelled and their keys free; what is done
   * stays done.
   */
  cancel(run: string, options?: CancelOptions): Promise<Cancelled>
  /** Runs of rows and of work, newest first. */
  runs(filter?: RunFilter): Promise<readonly StoredRun[]>
  /** One run, with what it holds now and what its external calls came to. */
  status(run: string): Promise<RunStatus>
  /** The ledger's claims, the latest first. */
  claims(filter?: ClaimFilter): Promise<readonly StoredClaim[]>
  /**
   * Holds what a generator expects against the rows and claims that there are, in one statement:
   * missing, extra, duplicate, in flight, failed, for each period. Reads only.
   */
  reconcile<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    source: UnitSource<G, Input> | NoInfer<Range>,
    options?: ReconcileOptions<keyof KeyOf<G>>,
  ): Promise<Reconciliation<KeyOf<G>>>
  /**
   * Answers for the provider of a step whose answer was lost: what it answered, or that the call
   * was never made and is made `again`.
   */
  resolveStep<G extends Guard, Input, Made, Range>(
    generator: Generator<G, Input, Made, Range>,
    key: KeyedRow<G>,
    step: string,
    resolution: StepResolution,
  ): Promise<void>
  /** Moves the claims of a guard that was renamed to its new name; answers with their number. */
  renameGuard(from: string, to: Guard): Promise<number>
  /** The audit, newest first. */
  events(filter?: EventFilter): Promise<readonly StoredEvent[]>
  /**
   * Stops what runs, as its `signal` would, and waits for it; ends the lease of this worker and the
   * connections that this object opened. A given pool or client stays open. Calls after it answer
   * CLOSED; a second one does nothing.
   */
  close(): Promise<void>
}

type Methods<Name extends keyof Onceover> = Pick<Onceover, Name>

const schemaMethods = (
  database: Database,
  door: Door,
): Methods<'migrate' | 'uninstall' | 'transaction' | 'inspect' | 'scan' | 'enforce' | 'events'> => {
  return {
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
    events: async (filter = {}) => {
      door.enter([], filter)
      return events(database.session, filter)
    },
  }
}

const rowMethods = (
  environment: Environment,
  door: Door,
): Methods<'insert' | 'insertOne' | 'insertStream'> => {
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

const workMethods = (
  environment: WorkEnvironment,
  door: Door,
): Methods<'preview' | 'run' | 'runOne' | 'resume' | 'retry' | 'reconcile' | 'resolveStep'> => {
  const { underWay } = environment
  // Inside, a generator's types are unknown: what it was given goes through it as it is.
  const enter = (generator: object, given: unknown): AnyGenerator => {
    door.enter([], given)
    requireGenerator(generator)
    return generator
  }
  return {
    preview: async (of: Guard | AnyGenerator, rows: unknown, given = {}) => {
      if (isGenerator(of)) {
        return previewRun(environment, enter(of, given), rows as Source, given) as never
      }
      door.enter([of], given)
      return preview(environment, of, rows as readonly RowValues[], given) as never
    },
    run: async (generator, source, given = {}) => {
      const of = enter(generator, given)
      const options = given as RunOptions<never>
      return underWay.track(() => run(environment, of, source as Source, options)) as never
    },
    runOne: async (generator, unit, given = {}) => {
      const of = enter(generator, given)
      return underWay.track(() => runOne(environment, of, unit, given)) as never
    },
    resume: async (generator, id, given = {}) => {
      const of = enter(generator, given)
      const options = given as RunOptions<never>
      return underWay.track(() => resume(environment, of, id, options)) as never
    },
    retry: async (generator, given = {}) => {
      const of = enter(generator, given)
      return underWay.track(() => retry(environment, of, given as RetryOptions<never>)) as never
    },
    reconcile: async (generator, source, given = {}) => {
      const of = enter(generator, given)
      return reconcile(environment, of, source as Source, given as ReconcileOptions) as never
    },
    resolveStep: async (generator, key, step, resolution) => {
      return resolve(environment, enter(generator, resolution).guard, key, step, resolution)
    },
  }
}

const ledgerMethods = (
  environment: WorkEnvironment,
  door: Door,
): Methods<'cancel' | 'runs' | 'status' | 'claims' | 'renameGuard'> => {
  const { database } = environment
  return {
    cancel: async (id, given = {}) => {
      door.enter([], given)
      return cancel(environment, id, given)
    },
    runs: async (filter = {}) => {
      door.enter([], filter)
      return runs(database.session, filter)
    },
    status: async (id) => {
      door.enter([])
      return status(database.session, id)
    },
    claims: async (filter = {}) => {
      door.enter([], filter)
      return claims(database.session, filter)
    },
    renameGuard: async (from, to) => {
      door.enter([to])
      const inspection = await environment.inspect(to, database.session)
      environment.registered.clear()
      return rename(database, from, registrationOf(inspection))
    },
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
  const logger = options.logger ?? silentLogger
  const database = openDatabase(options.db)
  const worker = new Worker(database, options, logger)
  const underWay = new UnderWay()
  const environment: WorkEnvironment = {
    ...openEnvironment(database, logger, counters),
    worker,
    underWay,
    registered: new Map(),
  }
  const door = new Door(database.target)
  return {
    target: database.target,
    get counters() {
      return counters.current
    },
    ...schemaMethods(database, door),
    ...rowMethods(environment, door),
    ...workMethods(environment, door),
    ...ledgerMethods(environment, door),
    close: () =>
      door.close(async () => {
        await underWay.end()
        await worker.close()
        await database.close()
      }),
  }
}
