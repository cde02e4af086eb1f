import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Onceover } from 'onceover'
import type pg from 'pg'
import { enforceGuards } from './class-sessions/enforce.ts'
import { healthyRows, loadRows } from './class-sessions/incident.ts'
import { classSessionRoutes } from './class-sessions/routes.ts'
import { createTables } from './class-sessions/tables.ts'
import { jobBatches, jobSubmissions } from './job-batches/guards.ts'
import { addIncidentConfiguration, createSchema } from './job-batches/incident.ts'
import { openPaidApi } from './job-batches/paid-api.ts'
import { jobBatchRoutes } from './job-batches/routes.ts'
import { type SubmissionApi, submissionApi } from './job-batches/submission-api.ts'
import { PROVIDER, plantPeople, SCHOOL } from './lessons/fixture.ts'
import { lessons } from './lessons/guards.ts'
import { createSchema as createLessonSchema } from './lessons/queries.ts'
import { lessonRoutes } from './lessons/routes.ts'
import { HOST, type Listening, listen } from './listen.ts'
import { problem } from './problem.ts'
import { createSchema as createReportSchema, plantStudents, student } from './reports/fixture.ts'
import { openReports } from './reports/generate.ts'
import { reportBatches } from './reports/guards.ts'
import { INCIDENT_DATE } from './reports/incident.ts'
import { reportRoutes } from './reports/routes.ts'
import { snapshots } from './snapshots/guards.ts'
import { INCIDENT_DAY, plantIncident, plantMarket } from './snapshots/incident.ts'
import { createSchema as createSnapshotSchema } from './snapshots/queries.ts'
import { snapshotRoutes } from './snapshots/routes.ts'

/** What the systems' routes work with. */
export interface SystemsOptions {
  readonly once: Onceover
  readonly pool: pg.Pool
}

/** A request that shows a system at work: POST `body` to `path`. */
export interface Example {
  readonly path: string
  readonly body: object
}

/** The systems as one app, each under its own name. Errors are problem+json. */
function systemsApp({ once, pool }: SystemsOptions, api: SubmissionApi): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    // A page of another site can reach 127.0.0.1 through a name of its own: its Host gives it away.
    const { hostname } = new URL(context.req.url)
    if (hostname !== HOST && hostname !== 'localhost') return context.text('Unknown host', 421)
    return next()
  })
  app.route('/reports', reportRoutes(openReports(once, pool)))
  app.route('/lessons', lessonRoutes({ once, pool }))
  app.route('/job-batches', jobBatchRoutes({ once, pool, api }))
  app.route('/class-sessions', classSessionRoutes({ once, pool }))
  app.route('/snapshots', snapshotRoutes({ once, pool }))
  app.notFound((context) => {
    const message = `There is nothing at ${context.req.path}.`
    return problem(context, new HTTPException(404, { message }))
  })
  app.onError((error, context) => problem(context, error))
  return app
}

/**
 * Serves the systems on 127.0.0.1, and beside them the paid API that jobs are submitted to.
 *
 * @param port 0, the default, takes any free one
 */
export async function startSystems(options: SystemsOptions, port = 0): Promise<Listening> {
  const paid = await openPaidApi('lookup')
  const { url, close } = await listen(systemsApp(options, submissionApi(paid)), port)
  return { url, close: () => Promise.all([close(), paid.close()]).then(() => undefined) }
}

/**
 * Puts the tables, guards and a few rows of every system into an empty database, and gives the
 * requests that can be made of them. Each is worth sending twice.
 */
export async function furnish({ once, pool }: SystemsOptions): Promise<readonly Example[]> {
  await once.migrate()
  await createReportSchema(pool)
  await plantStudents(pool, { students: 3, week: INCIDENT_DATE })
  await once.enforce(reportBatches)
  await createLessonSchema(pool)
  await plantPeople(pool)
  await once.enforce(lessons)
  await createSchema(pool)
  await once.enforce(jobBatches)
  await once.enforce(jobSubmissions)
  const configuration = await addIncidentConfiguration(pool)
  await createTables(pool)
  const rows = healthyRows(1)
  await loadRows(pool, rows)
  await enforceGuards({ once, pool })
  await createSnapshotSchema(pool)
  await plantMarket(pool)
  await plantIncident(pool)
  await once.enforce(snapshots)
  const [series] = rows.class_series
  const lesson = { schoolId: SCHOOL, lessonDate: '2025-09-08' }
  const groups = ['08:30-09:00', 'structured'].map((timeSlot) => ({ ...lesson, timeSlot }))
  return [
    {
      path: `/reports/students/${student(0).id}/batches`,
      body: { period: 'weekly', date: INCIDENT_DATE },
    },
    { path: '/lessons/requests', body: { providerId: PROVIDER, groups } },
    {
      path: `/job-batches/api/configurations/${configuration}/batches`,
      body: { actor: 'ana' },
    },
    {
      path: `/class-sessions/api/class-series/${series?.id}/extend`,
      body: { from: '2025-11-03', until: '2025-11-16' },
    },
    { path: `/snapshots/api/days/${INCIDENT_DAY}/close`, body: { actor: 'ana' } },
  ]
}
