import { Counters, type Counts } from './audit/counters.ts'
import { Worker, type WorkerOptions } from './claims/worker.ts'
import { type AdviceMethods, adviceMethods } from './client/advice.ts'
import { type DuplicateMethods, duplicateMethods } from './client/duplicates.ts'
import { type ExplainMethods, explainMethods } from './client/explain.ts'
import { type LedgerMethods, ledgerMethods } from './client/ledger.ts'
import { type MatrixMethods, matrixMethods } from './client/matrix.ts'
import { type RepairMethods, repairMethods } from './client/repairs.ts'
import { type RowMethods, rowMethods } from './client/rows.ts'
import { type SchemaMethods, schemaMethods } from './client/schema.ts'
import { type WorkMethods, workMethods } from './client/work.ts'
import { Door, requireOptions } from './core/door.ts'
import { type Logger, silentLogger } from './core/logger.ts'
import { openDatabase } from './postgres/database.ts'
import type { DatabaseInput } from './postgres/handle.ts'
import { openEnvironment } from './rows/open-environment.ts'
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
export interface Onceover
  extends SchemaMethods,
    DuplicateMethods,
    RepairMethods,
    AdviceMethods,
    ExplainMethods,
    RowMethods,
    WorkMethods,
    MatrixMethods,
    LedgerMethods {
  /** Where the database is, without a password. */
  readonly target: string
  /** Verdicts since this object was made. */
  readonly counters: Counts
  /**
   * Stops what runs, as its `signal` would, and waits for it; ends the lease of this worker and the
   * connections that this object opened. A given pool or client stays open. Calls after it answer
   * CLOSED; a second one does nothing.
   */
  close(): Promise<void>
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
    ...duplicateMethods(database, door),
    ...repairMethods(database, door),
    ...adviceMethods(database, door),
    ...explainMethods(environment, door),
    ...rowMethods(environment, door),
    ...workMethods(environment, door),
    ...matrixMethods(environment, door),
    ...ledgerMethods(environment, door),
    close: () =>
      door.close(async () => {
        await underWay.end()
        await worker.close()
        await database.close()
      }),
  }
}
