import { extname } from 'node:path'
import { type Onceover, onceover } from 'onceover'
import pg from 'pg'
import {
  type DemoContext,
  type Figure,
  mustBe,
  mustReach,
  type SystemDemo,
  shown,
} from '../demo-report.ts'
import { forkWorkers } from '../fork-workers.ts'
import type { Cause } from './causes.ts'
import { FALLBACK_SLOT, plantIncident, plantPeople } from './fixture.ts'
import { lessons } from './guards.ts'
import { narrowerConstraint } from './incident.ts'
import { countLessons, createSchema, type LessonCounts, UNIQUE_LESSON } from './queries.ts'
import type { LessonTally, LessonTask } from './worker.ts'
import { type Foretold, foretell, plantCalendar, requestsOfTheWeek } from './workload.ts'

interface Side {
  readonly requests: number
  readonly foretold: Foretold
  readonly tally: LessonTally
  readonly counts: LessonCounts
}

/** Sends a week of requests from several processes at once, to the naive code and to Onceover. */
export const demo: SystemDemo = async (context) => {
  context.progress('lessons: the naive code')
  const naive = await runSide(context, 'naive')
  context.progress('lessons: Onceover')
  const guarded = await runSide(context, 'onceover')
  context.progress('lessons: the incident, scanned')
  const found = await incidentFigures(context)
  const { foretold, requests } = guarded
  return {
    system: 'lessons',
    incident:
      `Some batch requests die on ${UNIQUE_LESSON}; the investigation finds no duplicate and ` +
      'ends with four guesses.',
    run:
      `${context.workers} processes at once, each sending the same ${requests} requests for ` +
      `${foretold.groups} lessons.`,
    figures: [
      ...sideBySide(naive, guarded, context.workers),
      ...answerFigures(guarded, context.workers),
      ...found,
    ],
  }
}

/** A database with the system's tables and the incident's people. */
async function withDatabase<Result>(
  context: DemoContext,
  label: string,
  work: (pool: pg.Pool, url: string) => Promise<Result>,
): Promise<Result> {
  const url = await context.freshDatabase(label)
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  try {
    await createSchema(pool)
    await plantPeople(pool)
    return await work(pool, url)
  } finally {
    await pool.end()
  }
}

function runSide(context: DemoContext, side: LessonTask['side']): Promise<Side> {
  return withDatabase(context, `lessons_${side}`, async (pool, url) => {
    await plantCalendar(pool)
    if (side === 'onceover') {
      const once = await onceover({ db: pool })
      await once.migrate()
      await once.enforce(lessons)
      await once.close()
    }
    const requests = await requestsOfTheWeek(pool)
    const task: LessonTask = { url, side, requests }
    const worker = new URL(`./worker${extname(import.meta.url)}`, import.meta.url)
    const tallies = await forkWorkers<LessonTask, LessonTally>(
      worker,
      Array.from({ length: context.workers }, () => task),
    )
    return {
      requests: requests.length,
      foretold: foretell(requests),
      tally: tallies.reduce(add),
      counts: await countLessons(pool, FALLBACK_SLOT),
    }
  })
}

function add(a: LessonTally, b: LessonTally): LessonTally {
  const causes = { ...a.causes }
  for (const [cause, count = 0] of Object.entries(b.causes) as [Cause, number][]) {
    causes[cause] = (causes[cause] ?? 0) + count
  }
  return {
    requests: a.requests + b.requests,
    drafts: a.drafts + b.drafts,
    died: a.died + b.died,
    unanswered: a.unanswered + b.unanswered,
    created: a.created + b.created,
    causes,
  }
}

function sideBySide(naive: Side, guarded: Side, workers: number): Figure[] {
  const sent = workers * guarded.requests
  const asked = workers * guarded.foretold.groups
  return [
    {
      what: 'batch requests sent',
      naive: mustBe(naive.tally.requests, sent),
      onceover: mustBe(guarded.tally.requests, sent),
    },
    {
      what: 'requests that died with HTTP 500',
      naive: mustReach(naive.tally.died, 1),
      onceover: mustBe(guarded.tally.died, 0),
    },
    { what: 'lessons asked for', naive: shown(asked), onceover: shown(asked) },
    {
      what: 'lessons drafted, which is slow and paid',
      naive: mustBe(naive.tally.drafts, asked),
      onceover: mustBe(guarded.tally.drafts, guarded.foretold.lessons),
    },
    {
      what: 'lessons asked for and left without an answer',
      naive: mustReach(naive.tally.unanswered, 1),
      onceover: mustBe(guarded.tally.unanswered, 0),
    },
    {
      what: 'lessons in the table',
      naive: shown(naive.counts.lessons),
      onceover: mustBe(guarded.counts.lessons, guarded.foretold.lessons),
    },
    {
      what: '  of these, the same one again without a school',
      naive: mustReach(naive.counts.excess, 1),
      onceover: mustBe(guarded.counts.excess, 0),
    },
    {
      what: `  of these, in the made-up slot '${FALLBACK_SLOT}'`,
      naive: mustReach(naive.counts.fallback, 1),
      onceover: mustBe(guarded.counts.fallback, 0),
    },
  ]
}

/** What each lesson asked for was told; of those that were there already, a race decides which. */
function answerFigures({ tally, foretold }: Side, workers: number): Figure[] {
  const named = (cause: Cause) => tally.causes[cause] ?? 0
  const there = named('lost-race') + named('retry-of-finished-work')
  const refused = (count: number, cause: Cause) => mustBe(named(cause), workers * count)
  return [
    { what: 'answered: created', onceover: mustBe(tally.created, foretold.lessons) },
    {
      what: 'answered: there already',
      onceover: mustBe(there, (workers - 1) * foretold.lessons),
    },
    {
      what: '  a retry of finished work (c)',
      onceover: shown(named('retry-of-finished-work')),
    },
    { what: '  a lost race (b)', onceover: shown(named('lost-race')) },
    {
      what: 'answered: the key is twice in this request (a)',
      onceover: refused(foretold.repeated, 'repeated-in-request'),
    },
    {
      what: 'answered: a part of the key is missing (d)',
      onceover: refused(foretold.missing, 'missing-key-part'),
    },
    {
      what: 'answered: a fallback stands for a part (e)',
      onceover: refused(foretold.fallback, 'fallback-value'),
    },
  ]
}

/**
 * The incident's own lessons and what a scan says of them; then a narrower constraint, which a scan
 * and the answer to a request both name.
 */
function incidentFigures(context: DemoContext): Promise<Figure[]> {
  return withDatabase(context, 'lessons_incident', async (pool) => {
    await plantIncident(pool)
    const { slots } = await countLessons(pool, FALLBACK_SLOT)
    const once = await onceover({ db: pool })
    const found = await scanFigures(once)
    await once.migrate()
    const { groups } = await narrowerConstraint({ once, pool })
    const blamed = groups.filter(({ cause }) => cause === 'narrower-constraint')
    const { coverage } = await once.inspect(lessons)
    const narrower = coverage.shadows.filter(({ kind }) => kind === 'narrower')
    await once.close()
    return [
      ...found.slice(0, 1),
      { what: '  time slots', onceover: mustBe(slots, 13) },
      ...found.slice(1),
      {
        what: 'an older, narrower constraint: found by name',
        onceover: mustBe(narrower.length, 1),
      },
      { what: '  answered: it forbids this lesson (f)', onceover: mustBe(blamed.length, 1) },
    ]
  })
}

async function scanFigures(once: Onceover): Promise<Figure[]> {
  const [report] = await once.scan([lessons])
  if (!report) throw new Error('The scan of the lessons gave no report.')
  const forbidden = report.parts.flatMap((part) => part.forbidden)
  const stands = forbidden.reduce((sum, { rows }) => sum + rows, 0)
  return [
    { what: "scan of the incident's table: lessons", onceover: mustBe(report.rows, 24) },
    { what: '  duplicates', onceover: mustBe(report.duplicates.excess, 0) },
    { what: `  '${FALLBACK_SLOT}' for a slot`, onceover: mustBe(stands, 1) },
    {
      what: '  lessons whose slots overlap (g)',
      onceover: mustBe(report.overlaps?.rows ?? 0, 6),
    },
  ]
}
