import { onceover } from 'onceover'
import { Pool } from 'pg'
import { advanceAll } from './generate.ts'
import { type NaiveCheck, naiveCreateSeries, naiveRun } from './naive.ts'
import type { SeriesRequest } from './requests.ts'
import { createSeries } from './series.ts'

/** One piece of work of one worker process; JSON values only. */
export type Task =
  | {
      readonly kind: 'naive-run'
      readonly url: string
      readonly now: string
      readonly days: number
      readonly check: NaiveCheck
    }
  | {
      readonly kind: 'run'
      readonly url: string
      readonly now: string
      readonly days: number
    }
  | {
      readonly kind: 'naive-series' | 'series'
      readonly url: string
      readonly branch: string
      readonly request: SeriesRequest
    }

/** How many rows the worker says it made, and how many it found standing. */
export interface Work {
  readonly created: number
  readonly skipped: number
}

/**
 * Connects for a task and gives back the work itself, so that several workers can be released at
 * the same moment. The connections are closed when the work is done.
 */
export async function prepareWork(task: Task): Promise<() => Promise<Work>> {
  const pool = new Pool({ connectionString: task.url, max: 2 })
  const once = await onceover({ db: pool })
  await pool.query('SELECT 1')
  return async () => {
    try {
      return await perform(task)
    } finally {
      await once.close()
      await pool.end()
    }
  }

  async function perform(work: Task): Promise<Work> {
    switch (work.kind) {
      case 'naive-run':
        return naiveRun(pool, work)
      case 'run':
        return counts(await advanceAll(once, work, { actor: 'hourly' }))
      case 'naive-series':
        return made(await naiveCreateSeries(pool, work.branch, work.request))
      case 'series': {
        const request = { ...work.request, branch_id: work.branch }
        const { outcome } = await createSeries(once, pool, request, { actor: 'api' })
        return made(outcome === 'created')
      }
    }
  }
}

const counts = ({ created, skipped }: Work): Work => ({ created, skipped })

const made = (created: boolean): Work => ({
  created: created ? 1 : 0,
  skipped: created ? 0 : 1,
})
