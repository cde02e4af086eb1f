import { advanceAll } from './generate.ts'
import { type NaiveCheck, naiveCreateSeries, naiveRun } from './naive.ts'
import type { SeriesRequest } from './requests.ts'
import { openSchool, type School } from './school.ts'
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
  const { school, close } = await openSchool(task.url, 2)
  return () => perform(task, school).finally(close)
}

async function perform(task: Task, { once, pool }: School): Promise<Work> {
  switch (task.kind) {
    case 'naive-run':
      return naiveRun(pool, task)
    case 'run':
      return counts(await advanceAll(once, task, { actor: 'hourly' }))
    case 'naive-series':
      return made(await naiveCreateSeries(pool, task.branch, task.request))
    case 'series': {
      const request = { ...task.request, branch_id: task.branch }
      const { outcome } = await createSeries(once, pool, request, { actor: 'api' })
      return made(outcome === 'created')
    }
  }
}

const counts = ({ created, skipped }: Work): Work => ({ created, skipped })

const made = (created: boolean): Work => ({
  created: created ? 1 : 0,
  skipped: created ? 0 : 1,
})
