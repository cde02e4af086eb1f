import { onceover } from 'onceover'
import pg from 'pg'
import { BatchExistsError } from './errors.ts'
import { createBatches } from './generate.ts'
import { createBatchesAfterCheck, createBatchesNaively } from './naive.ts'
import type { Made } from './queries.ts'

/** How a run creates its batches: the incident's code, its proposed fix, or through Onceover. */
export type Approach = 'naive' | 'check-then-insert' | 'onceover'

/** Runs of "create batches" for one configuration after the other, by a process of its own. */
export interface RunTask {
  readonly url: string
  readonly approach: Approach
  readonly configurationIds: readonly number[]
  readonly actor: string
}

/** What came of the runs: what they made, and why those that made nothing were refused. */
export interface RunResult extends Made {
  readonly refusals: readonly string[]
}

type Run = (configurationId: number) => Promise<RunResult>

/** Connects, and gives back the runs themselves: they end the connection when they are done. */
export async function prepareRuns(task: RunTask): Promise<() => Promise<RunResult>> {
  const pool = new pg.Pool({ connectionString: task.url, max: 2 })
  const run = await runWith(pool, task)
  await pool.query('SELECT 1')
  return () => runAll(run, task.configurationIds).finally(() => pool.end())
}

async function runAll(run: Run, configurationIds: readonly number[]): Promise<RunResult> {
  let [batches, jobs] = [0, 0]
  const refusals: string[] = []
  for (const configurationId of configurationIds) {
    const made = await run(configurationId)
    batches += made.batches
    jobs += made.jobs
    refusals.push(...made.refusals)
  }
  return { batches, jobs, refusals }
}

async function runWith(pool: pg.Pool, { approach, actor }: RunTask): Promise<Run> {
  if (approach !== 'onceover') {
    const create = approach === 'naive' ? createBatchesNaively : createBatchesAfterCheck
    return async (configurationId) => ({ ...(await create(pool, configurationId)), refusals: [] })
  }
  const once = await onceover({ db: pool })
  return async (configurationId) => {
    try {
      const batches = await createBatches({ once, pool }, { configurationId, actor })
      const jobs = batches.reduce((sum, batch) => sum + batch.jobs, 0)
      return { batches: batches.length, jobs, refusals: [] }
    } catch (error) {
      if (error instanceof BatchExistsError)
        return { batches: 0, jobs: 0, refusals: [error.message] }
      throw error
    }
  }
}
