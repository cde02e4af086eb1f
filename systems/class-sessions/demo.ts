import { onceover } from 'onceover'
import { Pool } from 'pg'
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
import { type IncidentScan, scanIncident } from './incident-scan.ts'
import { createTables } from './tables.ts'
import {
  guardedHours,
  guardedRequests,
  type HourlyFigures,
  naiveHours,
  naiveRequests,
  type RequestFigures,
  type RunWorkers,
  TRIAL,
} from './trials.ts'
import type { Task, Work } from './work.ts'

/** Everything the demo measures. */
export interface Measurements {
  /** The generator that relies on a constraint which is not there. */
  readonly unchecked: HourlyFigures
  /** The generator that looks before it inserts. */
  readonly checked: HourlyFigures
  readonly guarded: HourlyFigures
  readonly naiveRequests: RequestFigures
  readonly guardedRequests: RequestFigures
  readonly counted: IncidentFigures
  readonly scanned: IncidentScan
}

const inProcesses: RunWorkers = (tasks) =>
  forkWorkers<Task, Work>(new URL('./worker.js', import.meta.url), tasks)

/** Runs the incident with the naive code and through Onceover, and scans its fixture. */
export const demo: SystemDemo = async (context) => report(context, await measure(context))

/**
 * Runs every trial in a database of its own.
 *
 * @param run how the workers run; forked processes where it is omitted
 */
export async function measure(
  { freshDatabase, workers, progress }: DemoContext,
  run: RunWorkers = inProcesses,
): Promise<Measurements> {
  const trial = async (label: string) => ({
    url: await freshDatabase(`class_sessions_${label}`),
    workers,
    run,
  })
  progress(`class-sessions: ${TRIAL.hours} hourly runs, naive`)
  const unchecked = await naiveHours(await trial('unchecked'), 'none')
  const checked = await naiveHours(await trial('checked'), 'select-first')
  progress(`class-sessions: ${TRIAL.hours} hourly runs, Onceover`)
  const guarded = await guardedHours(await trial('guarded'))
  progress('class-sessions: one series, asked for by every worker')
  const naive = await naiveRequests(await trial('requests_naive'))
  const once = await guardedRequests(await trial('requests'))
  progress('class-sessions: scanning the incident')
  const incident = await readIncident(await freshDatabase('class_sessions_incident'))
  return {
    ...{ unchecked, checked, guarded, ...incident },
    ...{ naiveRequests: naive, guardedRequests: once },
  }
}

async function readIncident(url: string) {
  const pool = new Pool({ connectionString: url, max: 2 })
  const once = await onceover({ db: pool })
  try {
    await createTables(pool)
    await loadRows(pool, incidentRows())
    return { counted: await incidentFigures(pool), scanned: await scanIncident(once) }
  } finally {
    await once.close()
    await pool.end()
  }
}

/** What was measured, in the shape that the demo prints and checks. */
export function report({ workers }: DemoContext, measured: Measurements): SystemReport {
  return {
    system: 'class-sessions',
    incident:
      'An hourly generator without a guard made 93 sessions on a day that should have 65, ' +
      'from series that had been created several times.',
    run:
      `${workers} worker processes run the generator over ${TRIAL.series} series at once, ` +
      `${TRIAL.hours} hours in a row; then each asks for the same new series.`,
    figures: [
      ...hourlyFigures(workers, measured),
      ...requestFigures(measured),
      ...incidentRowsOf(measured),
    ],
    notes: [
      `after keeping the earliest the day has ${measured.counted.confirmedAfter} CONFIRMED and ` +
        `${measured.counted.conflictedAfter} CONFLICTED sessions`,
      `compared in array order, days_of_week hides ${
        measured.counted.laterSeries - measured.counted.laterSeriesByArrayOrder
      } of the ${measured.scanned.laterSeries} later duplicate series`,
    ],
  }
}

function hourlyFigures(workers: number, { unchecked, checked, guarded }: Measurements): Figure[] {
  const { wanted } = guarded
  const perHour = guarded.sessions.flatMap((sessions, hour): Figure[] => [
    {
      what: `sessions after hour ${hour + 1} (naive: no check)`,
      naive: mustBe(unchecked.sessions[hour] ?? 0, wanted * workers * (hour + 1)),
      onceover: mustBe(sessions, wanted),
    },
  ])
  const attempts = wanted * workers * TRIAL.hours
  return [
    ...perHour,
    {
      what: `sessions after hour ${TRIAL.hours} (naive: check, then insert)`,
      naive: mustReach(checked.sessions.at(-1) ?? 0, wanted),
      onceover: mustBe(guarded.sessions.at(-1) ?? 0, wanted),
    },
    {
      what: 'skips that can be asked for',
      naive: shown(unchecked.recorded),
      onceover: mustBe(guarded.recorded, attempts - wanted),
    },
  ]
}

const requestFigures = ({
  naiveRequests: naive,
  guardedRequests: once,
}: Measurements): Figure[] => [
  {
    what: `ACTIVE series after ${once.requests} requests for the same one`,
    naive: mustReach(naive.series, 2),
    onceover: mustBe(once.series, 1),
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
