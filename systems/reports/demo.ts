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
import type { RequestTally, RequestTask, Side } from './requests.ts'
import { type RunWorkers, STUDENTS, type Trial, tryOut } from './trial.ts'

/** Everything the demo measures: one trial per side. */
export type Measurements = Readonly<Record<'naive' | 'checkFirst' | 'guarded', Trial>>

const inProcesses: RunWorkers = (tasks) =>
  forkWorkers<RequestTask, RequestTally>(new URL('./worker.js', import.meta.url), tasks)

/** Sends the same requests to the incident's code, to its proposed fix, and through Onceover. */
export const demo: SystemDemo = async (context) => report(context, await measure(context))

/**
 * Tries each side in a database of its own.
 *
 * @param run how the workers run; forked processes where it is omitted
 */
export async function measure(
  { freshDatabase, workers, progress }: DemoContext,
  run: RunWorkers = inProcesses,
): Promise<Measurements> {
  const trial = async (side: Side, label: string, says: string) => {
    progress(`reports: ${says}`)
    return tryOut({ url: await freshDatabase(`reports_${label}`), side, workers, run })
  }
  return {
    naive: await trial('naive', 'naive', 'the naive code'),
    checkFirst: await trial('check-first', 'check_first', 'its proposed fix, which looks first'),
    guarded: await trial('onceover', 'onceover', 'Onceover'),
  }
}

const ALL = STUDENTS * 8

/** What was measured, in the shape that the demo prints and checks. */
export function report({ workers }: DemoContext, measured: Measurements): SystemReport {
  const { warning } = measured.guarded.refresh
  return {
    system: 'reports',
    incident:
      'A second request for the same parent reports died on unique_user_period_date with ' +
      'HTTP 500; the proposed fix deletes the old reports first and then takes minutes to write.',
    run:
      `${workers} processes at once ask for the weekly reports of ${STUDENTS} students, then ` +
      'again, then again after new data. "Looks first" is the proposed fix.',
    figures: [
      ...requestFigures(workers, measured),
      ...retryFigures(workers, measured),
      ...refreshFigures(measured),
    ],
    ...(warning !== null && { notes: [`An answer to the last round: ${warning}`] }),
  }
}

function requestFigures(workers: number, { naive, guarded }: Measurements): Figure[] {
  const sent = workers * STUDENTS
  return [
    {
      what: 'first requests answered with HTTP 500',
      naive: mustBe(naive.first.died, sent - STUDENTS),
      onceover: mustBe(guarded.first.died, 0),
    },
    {
      what: 'retries answered with HTTP 500',
      naive: mustBe(naive.retry.died, sent),
      onceover: mustBe(guarded.retry.died, 0),
    },
    {
      what: 'batches in the table',
      naive: mustBe(naive.left.batches, STUDENTS),
      onceover: mustBe(guarded.left.batches, STUDENTS),
    },
    {
      what: 'reports in the table',
      naive: mustBe(naive.left.reports, ALL),
      onceover: mustBe(guarded.left.reports, ALL),
    },
    {
      what: 'first requests told "created"',
      onceover: mustBe(guarded.first.created, STUDENTS),
    },
    {
      what: 'reports written, and paid for, for them',
      naive: mustBe(naive.first.writerCalls, ALL),
      onceover: mustBe(guarded.first.writerCalls, ALL),
    },
  ]
}

function retryFigures(workers: number, { checkFirst, guarded }: Measurements): Figure[] {
  return [
    {
      what: 'retries of unchanged data (naive: looks first) told "unchanged"',
      naive: shown(checkFirst.retry.unchanged),
      onceover: mustBe(guarded.retry.unchanged, workers * STUDENTS),
    },
    {
      what: '  reports written, and paid for, all the same',
      naive: mustReach(checkFirst.retry.writerCalls, STUDENTS),
      onceover: mustBe(guarded.retry.writerCalls, 0),
    },
  ]
}

function refreshFigures({ naive, checkFirst, guarded }: Measurements): Figure[] {
  return [
    {
      what: 'after new data: batches refreshed (naive: always inserts)',
      naive: mustBe(naive.fresh, 0),
      onceover: mustBe(guarded.fresh, STUDENTS),
    },
    {
      what: '  old reports that went, as the answers say',
      onceover: mustBe(guarded.refresh.oldReports, ALL),
    },
    {
      what: '  reports written, and paid for',
      naive: shown(checkFirst.refresh.writerCalls),
      onceover: mustBe(guarded.refresh.writerCalls, ALL),
    },
    {
      what: '  requests answered with HTTP 500 (naive: looks first)',
      naive: mustReach(checkFirst.refresh.died, 1),
      onceover: mustBe(guarded.refresh.died, 0),
    },
    {
      what: '  looks of a reader meanwhile',
      naive: mustReach(checkFirst.seen.looks, 1),
      onceover: mustReach(guarded.seen.looks, 1),
    },
    {
      what: '    that found a batch with fewer than 8 reports',
      naive: mustReach(checkFirst.seen.short, 1),
      onceover: mustBe(guarded.seen.short, 0),
    },
    {
      what: '    the fewest reports seen',
      naive: mustBe(checkFirst.seen.fewest, 0),
      onceover: mustBe(guarded.seen.fewest, 8),
    },
  ]
}
