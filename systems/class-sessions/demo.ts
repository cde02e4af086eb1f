import {
  type DemoContext,
  type Figure,
  mustBe,
  mustReach,
  type SystemDemo,
  type SystemReport,
  shown,
} from '../demo-report.ts'
import { forkWorkers } from '../fork-workers.ts'
import { incidentRows, loadRows } from './incident.ts'
import { type IncidentFigures, incidentFigures } from './incident-figures.ts'
import { type IncidentRepair, repairIncident } from './incident-repair.ts'
import { type IncidentScan, scanIncident } from './incident-scan.ts'
import { repairFigures } from './repair-figures.ts'
import { withSchool } from './school.ts'
import { createTables } from './tables.ts'
import {
  type GuardedFigures,
  guardedTrial,
  type NaiveFigures,
  naiveTrial,
  type RunWorkers,
  TRIAL,
} from './trials.ts'
import type { Task, Work } from './work.ts'

/** Everything the demo measures. */
export interface Measurements {
  readonly naive: NaiveFigures
  readonly guarded: GuardedFigures
  readonly counted: IncidentFigures
  readonly scanned: IncidentScan
  readonly repair: IncidentRepair
}

const CONNECTIONS = 4

const inProcesses: RunWorkers = (tasks) =>
  forkWorkers<Task, Work>(new URL('./worker.js', import.meta.url), tasks)

/** Runs the incident with the naive code and through Onceover; scans and repairs its fixture. */
export const demo: SystemDemo = async (context) => report(context, await measure(context))

/**
 * Runs each side, and the incident, in a database of its own.
 *
 * @param run how the workers run; forked processes where it is omitted
 */
export async function measure(
  { freshDatabase, workers, progress }: DemoContext,
  run: RunWorkers = inProcesses,
): Promise<Measurements> {
  const trial = async (side: string) => ({
    ...{ workers, run, url: await freshDatabase(`class_sessions_${side}`) },
    progress: (line: string) => progress(`${line}, ${side}`),
  })
  const naive = await naiveTrial(await trial('naive'))
  const guarded = await guardedTrial(await trial('guarded'))
  progress('class-sessions: the incident, scanned, repaired, undone and repaired again')
  const incident = await readIncident(await freshDatabase('class_sessions_incident'))
  return { naive, guarded, ...incident }
}

const readIncident = (url: string) =>
  withSchool(url, CONNECTIONS, async (school) => {
    await createTables(school.pool)
    await loadRows(school.pool, incidentRows())
    const counted = await incidentFigures(school.pool)
    const scanned = await scanIncident(school.once)
    return { counted, scanned, repair: await repairIncident(school) }
  })

/** What was measured, in the shape that the demo prints and checks. */
export function report({ workers }: DemoContext, measured: Measurements): SystemReport {
  return {
    system: 'class-sessions',
    incident:
      'An hourly generator without a guard made 93 sessions on a day that should have 65, ' +
      'from series that had been created several times.',
    run:
      `${workers} worker processes run the generator over ${TRIAL.series} series at once, ` +
      `${TRIAL.hours} hours in a row; then each asks for the same new series. What the incident ` +
      'left is repaired: duplicate series are paused, duplicate sessions removed.',
    figures: [
      ...hourlyFigures(workers, measured),
      ...requestFigures(measured),
      ...incidentRowsOf(measured),
      ...repairFigures(measured.counted, measured.repair),
    ],
    notes: [
      `compared in array order, days_of_week hides ${
        measured.counted.laterSeries - measured.counted.laterSeriesByArrayOrder
      } of the ${measured.scanned.laterSeries} later duplicate series`,
    ],
  }
}

function hourlyFigures(workers: number, { naive, guarded }: Measurements): Figure[] {
  const { wanted, sessions, recorded } = guarded.hourly
  return [
    ...sessions.map((stand, hour) => ({
      what: `sessions after hour ${hour + 1} (naive: no check)`,
      naive: mustBe(naive.unchecked.sessions[hour] ?? 0, wanted * workers * (hour + 1)),
      onceover: mustBe(stand, wanted),
    })),
    {
      what: 'sessions after hour 1 (naive: check, then insert)',
      naive: mustReach(naive.checked.sessions[0] ?? 0, wanted),
      onceover: mustBe(sessions[0] ?? 0, wanted),
    },
    {
      what: 'skips that can be asked for',
      naive: shown(naive.unchecked.recorded),
      onceover: mustBe(recorded, wanted * workers * TRIAL.hours - wanted),
    },
  ]
}

const requestFigures = ({ naive, guarded }: Measurements): Figure[] => [
  {
    what: `ACTIVE series after ${guarded.requests.requests} requests for the same one`,
    naive: mustReach(naive.requests.series, 2),
    onceover: mustBe(guarded.requests.series, 1),
  },
]

/** Left the plain SQL of the incident's report, right once.scan: they must agree. */
const incidentRowsOf = ({ counted, scanned }: Measurements): Figure[] => [
  {
    what: 'incident: sessions on 2025-10-23 (SQL | scan)',
    naive: mustBe(counted.onTheDay, 93),
    onceover: mustBe(scanned.onTheDay, 93),
  },
  {
    what: 'incident: distinct ones on that day (SQL | scan)',
    naive: mustBe(counted.distinctOnTheDay, 65),
    onceover: mustBe(scanned.distinctOnTheDay, 65),
  },
  {
    what: 'incident: rows too many in the table (SQL | scan)',
    naive: mustBe(counted.excess, 300),
    onceover: mustBe(scanned.excess, 300),
  },
  {
    what: 'incident: later duplicate series (SQL by array | scan by set)',
    naive: mustBe(counted.laterSeriesByArrayOrder, 13),
    onceover: mustBe(scanned.laterSeries, 24),
  },
]
