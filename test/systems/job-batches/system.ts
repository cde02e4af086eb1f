import { type Onceover, onceover } from 'onceover'
import type pg from 'pg'
import { jobBatches, jobSubmissions } from '../../../systems/job-batches/guards.ts'
import { addIncidentConfiguration, createSchema } from '../../../systems/job-batches/incident.ts'
import { openPaidApi, type PaidApi } from '../../../systems/job-batches/paid-api.ts'
import { type SubmissionApi, submissionApi } from '../../../systems/job-batches/submission-api.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

/** The system on a database of its own, its guards enforced, with the incident's configuration. */
export interface TestSystem {
  readonly database: TestDatabase
  readonly pool: pg.Pool
  readonly once: Onceover
  /** The paid API, which can be asked what it took. */
  readonly paid: PaidApi
  readonly api: SubmissionApi
  /** Adds a configuration whose items yield 3 and 5 jobs. */
  configuration(): Promise<number>
  /** Has something closed when the system stops. */
  alsoClose(close: () => Promise<void>): void
  stop(): Promise<void>
}

/** Starts the system on an empty database. */
export async function startSystem(): Promise<TestSystem> {
  const database = await testDatabase()
  const { pool } = database
  await createSchema(pool)
  const once = await onceover({ db: pool })
  await once.migrate()
  await once.enforce(jobBatches)
  await once.enforce(jobSubmissions)
  const paid = await openPaidApi('lookup')
  const closing = [() => once.close(), () => paid.close()]
  return {
    database,
    pool,
    once,
    paid,
    api: submissionApi(paid),
    configuration: () => addIncidentConfiguration(pool),
    alsoClose: (close) => closing.push(close),
    stop: async () => {
      for (const close of closing) await close()
      await database.drop()
    },
  }
}

/** Sets the status of a batch, as the workflow does while it works on it. */
export async function setBatchStatus(pool: pg.Pool, id: number, status: string): Promise<void> {
  await pool.query('UPDATE irp_batch SET status = $2::irp_batch_status WHERE id = $1', [id, status])
}

/** The batches of a configuration with the number of jobs of each, in order of creation. */
export async function batchesOf(
  pool: pg.Pool,
  configurationId: number,
): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query(
    `SELECT b.id, b.batch_type AS type, b.copy_number AS copy, b.status::text,
       (SELECT count(*)::int FROM irp_job j WHERE j.batch_id = b.id) AS jobs
     FROM irp_batch b WHERE configuration_id = $1 ORDER BY b.id`,
    [configurationId],
  )
  return rows
}
