import {
  type Figure,
  mustBe,
  mustReach,
  type SystemDemo,
  type SystemReport,
} from '../demo-report.ts'
import { INCIDENT_FIGURES } from './incident.ts'
import type { IncidentRepair } from './incident-repair.ts'
import {
  BOOK,
  type BookCount,
  type Crashed,
  type DayCount,
  openSide,
  type Replayed,
  Runs,
  repairSide,
  replayIncident,
} from './measure.ts'
import { repairFigures } from './repair-figures.ts'

type Sides<Measured> = Readonly<Record<'naive' | 'ours', Measured>>

interface Outcome {
  readonly day: Sides<DayCount>
  readonly crash: Sides<Crashed>
  readonly adopted: DayCount
  readonly replayed: Replayed
  readonly repair: IncidentRepair
  readonly book: Sides<BookCount>
}

const { before, pnl, right } = INCIDENT_FIGURES

/**
 * The incident: runs of one day at once, with the incident's code and through Onceover; then a run
 * that is killed midway, with the incident's proposed fix and through Onceover; then what both
 * left, put right. `worker` is the module that each process runs.
 */
export const demoWith =
  (worker: URL): SystemDemo =>
  async ({ freshDatabase, workers, progress }) => {
    const runs = new Runs(worker, workers)
    const open = async (label: string, enforced: boolean) =>
      openSide(await freshDatabase(`snapshots_${label}`), enforced)
    const naive = await open('naive', false)
    const fix = await open('fix', true)
    const ours = await open('onceover', true)
    const killed = await open('killed', true)
    const doubled = await open('doubled', false)
    try {
      progress(`snapshots: ${workers} runs of one day, naive and through Onceover`)
      const day = {
        naive: await runs.closeDay(naive, 'naive'),
        ours: await runs.closeDay(ours, 'onceover'),
      }
      progress('snapshots: a run is killed midway, and the day is run again')
      const crash = {
        naive: await runs.crash(fix, 'insert-first'),
        ours: await runs.crash(killed, 'onceover'),
      }
      const adopted = await runs.closeDay(fix, 'onceover')
      progress('snapshots: what the incident left is replayed')
      const replayed = await replayIncident(naive)
      progress('snapshots: duplicates are removed, the constraint made, undone and redone')
      const repair = await repairSide(doubled)
      progress(`snapshots: ${workers} processes close a book of ${BOOK.portfolios} portfolios`)
      const book = {
        naive: await runs.closeBook(naive, 'naive'),
        ours: await runs.closeBook(ours, 'onceover'),
      }
      return report(workers, { day, crash, adopted, replayed, repair, book })
    } finally {
      await Promise.all([naive, fix, ours, killed, doubled].map(({ pool }) => pool.end()))
    }
  }

/** The demo with the worker that the build leaves beside this file. */
export const demo: SystemDemo = demoWith(new URL('worker.js', import.meta.url))

function report(workers: number, outcome: Outcome): SystemReport {
  return {
    system: 'snapshots',
    incident:
      'Four runs of one end of day in 40 minutes each applied the same P&L: the equity of a ' +
      'portfolio went from −6.9M to 14.2M, where −1.625M was right.',
    run:
      `${workers} runs of one day in ${workers} processes at once; a run that is killed midway, ` +
      'on the naive side with the proposed fix, a placeholder first; then what both left is put ' +
      `right, and nine days of a book of ${BOOK.portfolios} portfolios are closed by every ` +
      'process.',
    figures: [
      ...dayFigures(workers, outcome),
      ...crashFigures(outcome),
      ...replayFigures(workers, outcome),
      ...repairFigures(outcome.repair),
      ...bookFigures(workers, outcome),
    ],
  }
}

const dayFigures = (workers: number, { day }: Outcome): Figure[] => [
  {
    what: `equity after ${workers} runs of one day`,
    naive: mustBe(day.naive.equity, before + workers * pnl),
    onceover: mustBe(day.ours.equity, right),
  },
  {
    what: '  times its P&L was applied',
    naive: mustBe((day.naive.equity - before) / pnl, workers),
    onceover: mustBe((day.ours.equity - before) / pnl, 1),
  },
  {
    what: '  snapshots of the day',
    naive: mustReach(day.naive.snapshots, 1),
    onceover: mustBe(day.ours.snapshots, 1),
  },
]

const crashFigures = ({ crash, adopted }: Outcome): Figure[] => [
  {
    what: 'a run is killed: snapshots of zeros that readers see',
    naive: mustBe(crash.naive.left.placeholders, 1),
    onceover: mustBe(crash.ours.left.placeholders, 0),
  },
  {
    what: '  equity after further runs',
    naive: mustBe(crash.naive.after.equity, before),
    onceover: mustBe(crash.ours.after.equity, right),
  },
  {
    what: '  days blocked for ever by a placeholder',
    naive: mustBe(crash.naive.after.placeholders, 1),
    onceover: mustBe(crash.ours.after.placeholders, 0),
  },
  {
    what: "  equity once the fix's placeholder is adopted",
    onceover: mustBe(adopted.equity, right),
  },
  { what: '  placeholders left then', onceover: mustBe(adopted.placeholders, 0) },
]

const replayFigures = (workers: number, { replayed, day }: Outcome): Figure[] => [
  {
    what: `breaks in the chain, before and after a replay`,
    naive: mustReach(replayed.found, 1),
    onceover: mustBe(replayed.left, 0),
  },
  {
    what: '  equity, before and after',
    naive: mustBe(day.naive.equity, before + workers * pnl),
    onceover: mustBe(replayed.after.equity, right),
  },
  {
    what: '  snapshots of the day, before and after',
    naive: mustReach(day.naive.snapshots, 1),
    onceover: mustBe(replayed.after.snapshots, 1),
  },
]

const bookFigures = (workers: number, { book }: Outcome): Figure[] => [
  {
    what: `a book closed by ${workers} processes: snapshots`,
    naive: mustReach(book.naive.snapshots, book.naive.meant),
    onceover: mustBe(book.ours.snapshots, book.ours.meant),
  },
  {
    what: '  portfolios that do not chain',
    naive: mustReach(book.naive.broken, 1),
    onceover: mustBe(book.ours.broken, 0),
  },
]
