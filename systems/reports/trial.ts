import { setTimeout as sleep } from 'node:timers/promises'
import { onceover } from 'onceover'
import pg from 'pg'
import { addAttempts, createSchema, plantStudents, student } from './fixture.ts'
import { reportBatches } from './guards.ts'
import { INCIDENT_DATE } from './incident.ts'
import { windowOn } from './period.ts'
import { addUp, type RequestTally, type RequestTask, type Side } from './requests.ts'
import { type BatchCounts, countBatches } from './stored.ts'

/** Runs a task per worker at once and gives their results. */
export type RunWorkers = (tasks: readonly RequestTask[]) => Promise<RequestTally[]>

/** How a side is tried. */
export interface TrialOptions {
  readonly url: string
  readonly side: Side
  readonly workers: number
  readonly run: RunWorkers
}

/** What a reader saw who looked again and again while requests were answered. */
export interface Seen {
  readonly looks: number
  /** Looks that found a batch with fewer than eight reports. */
  readonly short: number
  /** The fewest reports that a batch was seen with. */
  readonly fewest: number
}

/** What three rounds of the same requests came to, and what they left. */
export interface Trial {
  /** Nothing exists yet. */
  readonly first: RequestTally
  /** Everything exists, and the data is the same. */
  readonly retry: RequestTally
  /** Every student has answered one more question; a reader looks on. */
  readonly refresh: RequestTally
  readonly seen: Seen
  readonly left: BatchCounts
  /** Batches whose metrics are those of the last round. */
  readonly fresh: number
}

/** The students of each trial. */
export const STUDENTS = 8

/** Tries a side: the first requests, the same again, and again after new data. */
export async function tryOut({ url, side, workers, run }: TrialOptions): Promise<Trial> {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => undefined)
  try {
    await createSchema(pool)
    await plantStudents(pool, { students: STUDENTS, week: INCIDENT_DATE })
    if (side === 'onceover') await guardTables(pool)
    const tasks = Array.from({ length: workers }, () => ({ url, side, students: STUDENTS }))
    const round = async () => addUp(await run(tasks))
    const first = await round()
    const retry = await round()
    await answerOneMore(pool)
    const [refresh, seen] = await lookWhile(pool, round)
    const left = await countBatches(pool)
    return { first, retry, refresh, seen, left, fresh: await countFresh(pool) }
  } finally {
    await pool.end()
  }
}

async function guardTables(pool: pg.Pool): Promise<void> {
  const once = await onceover({ db: pool })
  await once.migrate()
  await once.enforce(reportBatches)
  await once.close()
}

/** One more question of every student, in the week that is asked for. */
async function answerOneMore(pool: pg.Pool): Promise<void> {
  const attempts = Array.from({ length: STUDENTS }, (_, n) => {
    const { id, timeZone } = student(n)
    const { startsAt } = windowOn('weekly', timeZone, INCIDENT_DATE)
    const place = n.toString(16).padStart(12, '0')
    return {
      id: `0e000000-0000-4000-8000-${place}`,
      user_id: id,
      subject: 'geography',
      is_correct: true,
      answered_at: startsAt,
    }
  })
  await addAttempts(pool, attempts)
}

const LOOK_EVERY_MS = 1

async function lookWhile<Result>(
  pool: pg.Pool,
  work: () => Promise<Result>,
): Promise<[Result, Seen]> {
  let [working, looks, short, fewest] = [true, 0, 0, 8]
  const done = work().finally(() => {
    working = false
  })
  // Its error is the caller's: it must not count as unhandled while we look.
  done.catch(() => undefined)
  while (working) {
    const counted = await countBatches(pool)
    looks++
    fewest = Math.min(fewest, counted.fewest ?? 8)
    if ((counted.fewest ?? 8) < 8) short++
    await sleep(LOOK_EVERY_MS)
  }
  return [await done, { looks, short, fewest }]
}

/** Batches that know of the question that came last. */
async function countFresh(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query(
    `SELECT count(*)::int AS fresh FROM parent_report_batches AS batch
     WHERE status = 'completed' AND EXISTS (SELECT FROM passive_reports
       WHERE batch_id = batch.id AND report_type = 'academic_performance'
         AND insights::text LIKE '%geography%')`,
  )
  return Number(rows[0]?.fresh)
}
