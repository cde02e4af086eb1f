import type { Hono } from 'hono'
import { type Onceover, onceover } from 'onceover'
import type pg from 'pg'
import {
  addAttempts,
  createSchema,
  plantStudents,
  student,
} from '../../../systems/reports/fixture.ts'
import { openReports, type ReportSystem } from '../../../systems/reports/generate.ts'
import { reportBatches } from '../../../systems/reports/guards.ts'
import { INCIDENT_DATE } from '../../../systems/reports/incident.ts'
import { windowOn } from '../../../systems/reports/period.ts'
import { reportRoutes } from '../../../systems/reports/routes.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'
import type { ReportRequest, ReportWriter } from '../../../systems/reports/writer.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

/** The system on a database of its own, with a writer whose calls are kept. */
export interface TestSystem extends ReportSystem {
  readonly url: string
  readonly once: Onceover
  readonly pool: pg.Pool
  readonly app: Hono
  /** What the writer was asked for since the last `reset`. */
  readonly asked: ReportRequest[]
  /** Another writer behind the same counter, as another process would have it. */
  with(writer: ReportWriter): ReportSystem
  drop(): Promise<void>
}

/** Opens the system with its guard enforced and students planted. */
export async function testSystem(students: number): Promise<TestSystem> {
  const { url, pool, drop }: TestDatabase = await testDatabase()
  await createSchema(pool)
  await plantStudents(pool, { students, week: INCIDENT_DATE })
  const once = await onceover({ db: pool })
  await once.migrate()
  await once.enforce(reportBatches)
  const asked: ReportRequest[] = []
  const counted = (writer: ReportWriter): ReportWriter => ({
    ...writer,
    write: (request, options) => {
      asked.push(request)
      return writer.write(request, options)
    },
  })
  const system = openReports(once, pool, counted(templateWriter))
  return {
    ...system,
    ...{ url, once, pool, asked, app: reportRoutes(system) },
    with: (writer) => openReports(once, pool, counted(writer)),
    drop: async () => {
      await once.close()
      await drop()
    },
  }
}

let answered = 0

/** The n-th student answers one more question in the week. */
export async function answerMore(pool: pg.Pool, n: number): Promise<void> {
  const { id, timeZone } = student(n)
  const { startsAt } = windowOn('weekly', timeZone, INCIDENT_DATE)
  answered++
  await addAttempts(pool, [
    {
      id: `0f000000-0000-4000-8000-${answered.toString(16).padStart(12, '0')}`,
      ...{ user_id: id, subject: 'geography', is_correct: true, answered_at: startsAt },
    },
  ])
}
