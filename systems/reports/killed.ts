import { type Onceover, onceover } from 'onceover'
import pg from 'pg'
import {
  type DemoContext,
  mustBe,
  mustReach,
  type SystemDemo,
  type SystemReport,
  shown,
} from '../demo-report.ts'
import { createSchema, plantStudents, student } from './fixture.ts'
import { reportBatches } from './guards.ts'
import { INCIDENT_DATE } from './incident.ts'
import { BUILT, type KillTask, killFirst, type Program, type WorkerEnd } from './kill.ts'
import { windowOn } from './period.ts'
import type { ReportUnit } from './selection.ts'
import { countBatches } from './stored.ts'

/** The weekly batch of each of the first so many students, in the week of a date. */
const unitsOf = (students: number, date: string): readonly ReportUnit[] =>
  Array.from({ length: students }, (_, n) => {
    const { id, timeZone } = student(n)
    const input = windowOn('weekly', timeZone, date)
    return { key: { user_id: id, period: 'weekly', start_date: input.startDate }, input }
  })

const STUDENTS = 24
const WORKERS = 3
const WRITING_MS = 100

/**
 * Runs the same list of batches in three processes and kills the first with SIGKILL while it holds
 * units; the others take them over when its lease is dead, and finish.
 */
export const killedWorker: SystemDemo = (context) => runKilled(context, BUILT)

/**
 * The same with other processes.
 *
 * @param program the module that each process runs, and its arguments
 */
export async function runKilled(context: DemoContext, program: Program): Promise<SystemReport> {
  context.progress('reports: three workers, one of which will be killed')
  const url = await context.freshDatabase('reports_killed')
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => undefined)
  try {
    await createSchema(pool)
    await plantStudents(pool, { students: STUDENTS, week: INCIDENT_DATE })
    const once = await onceover({ db: pool })
    await once.migrate()
    await once.enforce(reportBatches)
    const units = unitsOf(STUDENTS, INCIDENT_DATE)
    const tasks = Array.from({ length: WORKERS }, (_, n): KillTask => {
      const policy = { onDuplicate: 'skip', reason: 'weekly reports', wait: '60s' } as const
      return { url, name: `worker ${n + 1}`, units, ...policy, writingMs: WRITING_MS }
    })
    const onKill = ({ name, held }: { readonly name: string; readonly held: number }) =>
      context.progress(`reports: ${name} gets SIGKILL, holding ${held} batches; the others go on`)
    const told = await killFirst(tasks, onKill, program)
    const report = await measured(once, pool, told)
    await once.close()
    return report
  } finally {
    await pool.end()
  }
}

async function measured(once: Onceover, pool: pg.Pool, told: readonly WorkerEnd[]) {
  const [victim] = told
  const survivors = told.slice(1).reduce((sum, { last }) => sum + last.made, 0)
  const left = await countBatches(pool)
  const events = await once.events({ guard: reportBatches.name })
  const keysOf = (name: string) =>
    events.filter(({ verdict }) => verdict === name).flatMap(({ keys }) => keys)
  const taken = keysOf('taken_over').length
  const done = await once.claims({ guard: reportBatches.name, state: 'done', limit: STUDENTS + 1 })
  return {
    system: 'reports, a worker killed',
    incident: 'A worker that dies in the middle leaves a batch half made, or a key blocked.',
    run:
      `${WORKERS} processes run the same ${STUDENTS} weekly batches; one gets SIGKILL while it ` +
      `holds ${victim?.killed?.held ?? 0} of them.`,
    figures: [
      { what: 'workers killed', onceover: mustBe(victim?.killed ? 1 : 0, 1) },
      { what: '  batches it had made', onceover: shown(victim?.killed?.made ?? 0) },
      { what: '  batches taken over from it', onceover: mustReach(taken, 1) },
      { what: 'batches that the others made', onceover: shown(survivors) },
      { what: 'batches in the table', onceover: mustBe(left.batches, STUDENTS) },
      { what: '  made, as the audit has it', onceover: mustBe(keysOf('created').length, STUDENTS) },
      { what: '  done in the ledger', onceover: mustBe(done.length, STUDENTS) },
      { what: 'reports in the table', onceover: mustBe(left.reports, STUDENTS * 8) },
      { what: '  the fewest of a batch', onceover: mustBe(left.fewest ?? 0, 8) },
    ],
  }
}
