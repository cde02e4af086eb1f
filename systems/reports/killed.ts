import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
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
import { type Period, type Window, windowOn } from './period.ts'
import { countBatches } from './stored.ts'

/** What a process that may be killed is told. */
export interface KillTask {
  readonly url: string
  readonly name: string
  readonly students: number
  /** How long it waits for units that another has in flight. */
  readonly wait: string
}

/** What it tells while it runs, and in the end. */
export interface KillTold {
  readonly kind: 'ready' | 'progress' | 'end'
  /** Batches that it made so far. */
  readonly created: number
  /** Units that it holds now. */
  readonly held: number
}

interface Unit {
  readonly key: { readonly user_id: string; readonly period: Period; readonly start_date: string }
  readonly input: Window
}

/** The weekly batch of each of the first so many students. */
export const unitsOf = (students: number): readonly Unit[] =>
  Array.from({ length: students }, (_, n) => {
    const { id, timeZone } = student(n)
    const input = windowOn('weekly', timeZone, INCIDENT_DATE)
    return { key: { user_id: id, period: 'weekly', start_date: input.startDate }, input }
  })

const MODULE = fileURLToPath(new URL(`./killed-worker${extname(import.meta.url)}`, import.meta.url))

const STUDENTS = 24
const WORKERS = 3

interface Told {
  readonly created: number
  readonly killed: KillTold | undefined
}

/**
 * Runs the same list of batches in three processes and kills the first with SIGKILL while it holds
 * units; the others take them over when its lease is dead, and finish.
 */
export const killedWorker: SystemDemo = (context) => runKilled(context, [MODULE])

/**
 * The same with other processes.
 *
 * @param program the module that each process runs, and its arguments
 */
export async function runKilled(
  context: DemoContext,
  program: readonly [module: string, ...args: string[]],
): Promise<SystemReport> {
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
    const workers = Array.from({ length: WORKERS }, (_, n) => worker(context, url, n, program))
    // Whoever started first would have made everything.
    await Promise.all(workers.map(({ ready }) => ready))
    for (const { go } of workers) go()
    const told = await Promise.all(workers.map(({ done }) => done))
    const report = await measured(once, pool, told)
    await once.close()
    return report
  } finally {
    await pool.end()
  }
}

async function measured(once: Onceover, pool: pg.Pool, told: readonly Told[]) {
  const [victim] = told
  const survivors = told.slice(1).reduce((sum, { created }) => sum + created, 0)
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
      { what: '  batches it had made', onceover: shown(victim?.killed?.created ?? 0) },
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

interface Worker {
  /** Settles when it has connected and waits for `go`. */
  readonly ready: Promise<void>
  go(): void
  readonly done: Promise<Told>
}

/** A process of the run; the first is killed as soon as it has made a batch and holds others. */
function worker(
  { progress }: DemoContext,
  url: string,
  n: number,
  [module, ...args]: readonly [module: string, ...args: string[]],
): Worker {
  const child: ChildProcess = fork(module, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const name = `worker ${n + 1}`
  let killed: KillTold | undefined
  let last: KillTold = { kind: 'ready', created: 0, held: 0 }
  let isReady = () => {}
  const ready = new Promise<void>((resolve) => {
    isReady = resolve
  })
  const done = new Promise<Told>((resolve, reject) => {
    child.on('message', (told: KillTold) => {
      last = told
      if (told.kind === 'ready') return isReady()
      if (n !== 0 || killed || told.kind === 'end' || told.created === 0 || told.held === 0) return
      killed = told
      progress(`reports: ${name} gets SIGKILL, holding ${told.held} batches; the others go on`)
      child.kill('SIGKILL')
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0 || killed) resolve({ created: last.created, killed })
      else reject(new Error(`${name} ended with exit code ${code}.`))
    })
  })
  // It may fail before anybody waits for its end.
  done.catch(() => {})
  child.send({ url, name, students: STUDENTS, wait: '60s' } satisfies KillTask)
  return { ready: Promise.race([ready, done.then(() => {})]), go: () => child.send('go'), done }
}
