import { onceover } from 'onceover'
import pg from 'pg'
import {
  type Figure,
  mustBe,
  mustReach,
  type SystemDemo,
  type SystemReport,
} from '../demo-report.ts'
import { forkWorkers } from '../fork-workers.ts'
import { submissionFigures } from './demo-submissions.ts'
import { jobBatches, jobSubmissions } from './guards.ts'
import { addIncidentConfiguration, createSchema } from './incident.ts'
import { countMade, type Made } from './queries.ts'
import type { Approach, RunResult, RunTask } from './tasks.ts'

/** One side of the demo: a database with the tables of the system. */
interface Side {
  readonly url: string
  readonly pool: pg.Pool
}

/** What the tables hold after the runs, and why the refused ones were refused. */
interface Outcome extends Made {
  readonly refusals: readonly string[]
  readonly configurationIds: readonly number[]
}

/** What is run: processes at once, each of which runs "create batches" for each configuration. */
interface Load {
  readonly processes: number
  readonly configurations: number
}

const TWO_RUNS: Load = { processes: 2, configurations: 1 }
const CONTESTED = 10

async function openSide(url: string, guarded: boolean): Promise<Side> {
  const pool = new pg.Pool({ connectionString: url })
  // The database is dropped by force when the demo ends: an idle connection may see that.
  pool.on('error', () => {})
  await createSchema(pool)
  if (guarded) {
    const once = await onceover({ db: pool })
    await once.migrate()
    await once.enforce(jobBatches)
    await once.enforce(jobSubmissions)
    await once.close()
  }
  return { url, pool }
}

// Every measurement has configurations of its own, so that none sees the batches of another.
async function measure(
  worker: URL,
  { url, pool }: Side,
  approach: Approach,
  { processes, configurations }: Load,
): Promise<Outcome> {
  const configurationIds: number[] = []
  for (let n = 0; n < configurations; n++) {
    configurationIds.push(await addIncidentConfiguration(pool))
  }
  const tasks = Array.from({ length: processes }, (_, index): RunTask => {
    return { url, approach, configurationIds, actor: `analyst ${index + 1}` }
  })
  const results = await forkWorkers<RunTask, RunResult>(worker, tasks)
  const made = await countMade(pool, configurationIds)
  return { ...made, configurationIds, refusals: results.flatMap(({ refusals }) => refusals) }
}

/**
 * The incident: "create batches" run a second time, with the incident's code and through Onceover;
 * then contested by many processes, with the incident's proposed fix (check, then insert) and
 * through Onceover. `worker` is the module that each process runs.
 */
export const demoWith =
  (worker: URL): SystemDemo =>
  async ({ freshDatabase, workers, progress }) => {
    const naive = await openSide(await freshDatabase('job_batches_naive'), false)
    const guarded = await openSide(await freshDatabase('job_batches_onceover'), true)
    const load = { processes: workers, configurations: CONTESTED }
    try {
      progress('job-batches: two runs of "create batches", naive and through Onceover')
      const twice = {
        naive: await measure(worker, naive, 'naive', TWO_RUNS),
        ours: await measure(worker, guarded, 'onceover', TWO_RUNS),
      }
      progress('job-batches: their jobs are submitted to a paid API, and workers are killed')
      const paid = await submissionFigures(
        worker,
        { ...naive, approach: 'naive', configurationIds: twice.naive.configurationIds },
        { ...guarded, approach: 'onceover', configurationIds: twice.ours.configurationIds },
      )
      progress(`job-batches: ${workers} processes contest ${CONTESTED} configurations`)
      const contested = {
        naive: await measure(worker, naive, 'check-then-insert', load),
        ours: await measure(worker, guarded, 'onceover', load),
      }
      return report(workers, twice, paid, contested)
    } finally {
      await Promise.all([naive.pool.end(), guarded.pool.end()])
    }
  }

/** The demo with the worker that the build leaves beside this file. */
export const demo: SystemDemo = demoWith(new URL('worker.js', import.meta.url))

type Sides = Readonly<Record<'naive' | 'ours', Outcome>>

function report(
  workers: number,
  twice: Sides,
  paid: readonly Figure[],
  contested: Sides,
): SystemReport {
  const refusal = twice.ours.refusals[0]
  const load = `${CONTESTED} configurations, ${workers} runs (naive checks first)`
  return {
    system: 'job-batches',
    incident:
      'Running "create batches" again made every batch and every job again: 4 batches and ' +
      '16 jobs where 2 and 8 were meant, each job submitted to a paid API.',
    run:
      'Two runs at once in 2 processes with the code of the incident, their jobs submitted to a ' +
      'paid API of this machine, which charges for each that it takes; then ' +
      `${workers} processes at once with the proposed fix, a check before the insert.`,
    figures: [
      {
        what: 'batches after two runs',
        naive: mustBe(twice.naive.batches, 4),
        onceover: mustBe(twice.ours.batches, 2),
      },
      {
        what: 'jobs after two runs',
        naive: mustBe(twice.naive.jobs, 16),
        onceover: mustBe(twice.ours.jobs, 8),
      },
      ...paid,
      {
        what: `batches: ${load}`,
        naive: mustReach(contested.naive.batches, 2 * CONTESTED),
        onceover: mustBe(contested.ours.batches, 2 * CONTESTED),
      },
      {
        what: `jobs: ${load}`,
        naive: mustReach(contested.naive.jobs, 8 * CONTESTED),
        onceover: mustBe(contested.ours.jobs, 8 * CONTESTED),
      },
      {
        what: 'runs refused, each naming the batches that exist',
        onceover: mustBe(contested.ours.refusals.length, (workers - 1) * CONTESTED),
      },
    ],
    ...(refusal && { notes: [`The refusal of the second run: ${refusal}`] }),
  }
}
