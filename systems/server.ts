import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { server } from 'onceover/server'
import { furnishSessions, type LiveSessions } from './class-sessions/live.ts'
import { classSessionRoutes } from './class-sessions/routes.ts'
import type { RunWorkers } from './class-sessions/trials.ts'
import { today } from './days.ts'
import { jobBatches } from './job-batches/guards.ts'
import { furnishBatches, type LiveBatches } from './job-batches/live.ts'
import { jobBatchRoutes } from './job-batches/routes.ts'
import { furnishLessons } from './lessons/live.ts'
import { lessonRoutes } from './lessons/routes.ts'
import { HOST, type Listening, listen } from './listen.ts'
import type { Example, Furnishing, LiveSystem, Rerun, Told } from './live-system.ts'
import { problem } from './problem.ts'
import { furnishReports, type LiveReports, type ReportsOptions } from './reports/live.ts'
import { reportRoutes } from './reports/routes.ts'
import { furnishSnapshots } from './snapshots/live.ts'
import { snapshotRoutes } from './snapshots/routes.ts'

/** What the systems are furnished with. */
export type SystemsOptions = Omit<Furnishing, 'today'>

/** The five systems as they live in one database. */
export interface LiveSystems {
  readonly reports: LiveReports
  readonly lessons: LiveSystem
  readonly batches: LiveBatches
  readonly sessions: LiveSessions
  readonly snapshots: LiveSystem
}

/** Where the dashboard is. */
export const DASHBOARD = '/onceover'

const RERUN_SEES = '#/audit?verdict=skipped'

/** How the systems are furnished; by default as the demo is. */
export interface LiveOptions {
  readonly reports?: ReportsOptions
  /** How the copies of the hourly generator run. */
  readonly sessions?: RunWorkers
}

/** Furnishes an empty database with every system, around today's date. */
export async function furnish(
  options: SystemsOptions,
  live: LiveOptions = {},
): Promise<LiveSystems> {
  await options.once.migrate()
  const furnishing = { ...options, today: await today(options.pool) }
  // At once: most of the time each waits for the database.
  const made = [
    furnishReports(furnishing, live.reports),
    furnishLessons(furnishing),
    furnishBatches(furnishing),
    furnishSessions(furnishing, live.sessions),
    furnishSnapshots(furnishing),
  ] as const
  try {
    const [reports, lessons, batches, sessions, snapshots] = await Promise.all(made)
    return { reports, lessons, batches, sessions, snapshots }
  } catch (error) {
    for (const each of await Promise.allSettled<LiveSystem>(made)) {
      if (each.status === 'fulfilled') await each.value.close?.()
    }
    throw error
  }
}

/** The requests that show each system at work. */
export const examplesOf = (systems: LiveSystems): readonly Example[] =>
  Object.values(systems).map(({ example }: LiveSystem) => example)

/** Asks again for everything that the systems made in the last days: all of it is there. */
export async function rerunAll(systems: LiveSystems): Promise<Told> {
  const reruns: Rerun[] = []
  // One after the other: what this does to one system is not to be seen in another.
  for (const { rerun } of Object.values(systems) as readonly LiveSystem[]) {
    if (rerun) reruns.push(await rerun())
  }
  const sum = (of: 'asked' | 'made' | 'skipped') => reruns.reduce((all, each) => all + each[of], 0)
  const asked = reruns.map((each) => `${each.asked} ${each.what}`).join(', ')
  const [all, skipped, made] = [sum('asked'), sum('skipped'), sum('made')]
  return {
    says: `Asked again for ${asked}: ${skipped} of ${all} skipped, ${made} made.`,
    see: RERUN_SEES,
  }
}

/** The systems as one app, each under its own name, and the dashboard over all their guards. */
function systemsApp(
  { once, pool }: SystemsOptions,
  systems: LiveSystems,
): { readonly app: Hono; readonly close: () => Promise<void> } {
  const all: readonly LiveSystem[] = Object.values(systems)
  const dashboard = server({
    once,
    guards: all.flatMap(({ guards }) => guards),
    generators: all.flatMap(({ generators }) => generators),
    write: true,
    environment: 'demo',
    basePath: DASHBOARD,
    create: { [jobBatches.name]: systems.batches.create },
  })
  const app = new Hono()
  app.use(async (context, next) => {
    // A page of another site can reach 127.0.0.1 through a name of its own: its Host gives it away.
    const { hostname } = new URL(context.req.url)
    if (hostname !== HOST && hostname !== 'localhost') return context.text('Unknown host', 421)
    return next()
  })
  app.get('/', (context) => context.redirect(`${DASHBOARD}/`))
  for (const path of [DASHBOARD, `${DASHBOARD}/*`]) {
    app.all(path, (context) => dashboard.fetch(context.req.raw))
  }
  app.route('/reports', reportRoutes(systems.reports.system))
  app.route('/lessons', lessonRoutes({ once, pool }))
  app.route('/job-batches', jobBatchRoutes(systems.batches.workflow))
  app.route('/class-sessions', classSessionRoutes({ once, pool }))
  app.route('/snapshots', snapshotRoutes({ once, pool }))
  app.notFound((context) => {
    const message = `There is nothing at ${context.req.path}.`
    return problem(context, new HTTPException(404, { message }))
  })
  app.onError((error, context) => problem(context, error))
  return { app, close: () => dashboard.close() }
}

/** Ends what the systems still run, after `once` was closed. */
export async function closeSystems(systems: LiveSystems): Promise<void> {
  for (const { close } of Object.values(systems) as readonly LiveSystem[]) await close?.()
}

/**
 * Serves the systems and the dashboard on 127.0.0.1.
 *
 * @param port 0, the default, takes any free one
 */
export async function startSystems(
  options: SystemsOptions,
  systems: LiveSystems,
  port = 0,
): Promise<Listening> {
  const { app, close } = systemsApp(options, systems)
  const listening = await listen(app, port)
  for (const { begin } of Object.values(systems) as readonly LiveSystem[]) begin?.()
  return {
    url: listening.url,
    close: async () => {
      await close()
      await listening.close()
    },
  }
}
