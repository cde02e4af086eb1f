import { setTimeout as sleep } from 'node:timers/promises'
import { onceover } from 'onceover'
import pg from 'pg'
import { closeDays, snapshotGenerator } from './generate.ts'
import { closeDayInsertFirst, closeDayNaively } from './naive.ts'
import { type Days, type PortfolioDay, selectTradingDays } from './queries.ts'

/** How days are closed: the incident's code, its proposed fix, or through Onceover. */
export type Approach = 'naive' | 'insert-first' | 'onceover'

/** One run of a range of days, by a process of its own. */
export interface CloseTask {
  readonly url: string
  readonly approach: Approach
  readonly days: Days & { readonly portfolioIds: readonly string[] }
  readonly actor: string
  /** Kills its own process, as `kill -9` does, once it has begun with the first day. */
  readonly dies?: boolean
}

/** What the run did. */
export interface CloseResult {
  readonly created: number
  readonly skipped: number
}

/** Of a killed process, the claims can be taken over after this long without a sign of life. */
const LEASE = '2s'
const HEARTBEAT = '500ms'
/** How soon a run goes back to a day that another process is at. */
const AGAIN_MS = 200

/** Connects, and gives back the run itself: it ends the connection when it is done. */
export async function prepareRun(task: CloseTask): Promise<() => Promise<CloseResult>> {
  const pool = new pg.Pool({ connectionString: task.url, max: 4 })
  pool.on('error', () => undefined)
  const run = task.approach === 'onceover' ? await guardedRun(pool, task) : naiveRun(pool, task)
  await pool.query('SELECT 1')
  return () => run().finally(() => pool.end())
}

const die = async (): Promise<void> => {
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => undefined)
}

async function guardedRun(
  pool: pg.Pool,
  { days, actor, dies = false }: CloseTask,
): Promise<() => Promise<CloseResult>> {
  const once = await onceover({ db: pool, lease: LEASE, heartbeat: HEARTBEAT, worker: actor })
  const generator = snapshotGenerator(pool, dies ? die : undefined)
  return async () => {
    let [created, skipped] = [0, 0]
    for (;;) {
      const closed = await closeDays({ once, pool }, days, { actor }, generator)
      created += closed.reduce((sum, day) => sum + day.created, 0)
      skipped += closed.reduce((sum, day) => sum + day.skipped, 0)
      const behind = closed.flatMap((day) => day.behind)
      if (behind.length === 0) break
      await sleep(AGAIN_MS)
    }
    await once.close()
    return { created, skipped }
  }
}

const naiveRun =
  (pool: pg.Pool, { approach, days, dies = false }: CloseTask) =>
  async (): Promise<CloseResult> => {
    const close = (day: PortfolioDay) =>
      approach === 'naive'
        ? closeDayNaively(pool, day)
        : closeDayInsertFirst(pool, day, dies ? die : undefined)
    const outcomes = []
    for (const day of await selectTradingDays(pool, days)) {
      for (const portfolioId of days.portfolioIds) outcomes.push(await close({ portfolioId, day }))
    }
    const created = outcomes.filter((outcome) => outcome === 'created').length
    return { created, skipped: outcomes.length - created }
  }
