import { type Onceover, onceover } from 'onceover'
import type pg from 'pg'
import { type Figure, mustBe } from '../demo-report.ts'
import { forkWorkers } from '../fork-workers.ts'
import { createBatches } from './generate.ts'
import { addIncidentConfiguration } from './incident.ts'
import { createBatchesNaively } from './naive.ts'
import { submitNaively } from './naive-submission.ts'
import { openPaidApi, type PaidApi } from './paid-api.ts'
import { submissionApi } from './submission-api.ts'
import { mendRecords, refuseRecords, selectBatchIds } from './submission-queries.ts'
import type { SubmitResult, SubmitTask } from './submission-tasks.ts'
import { submitBatches } from './submit.ts'

/** A side of the demo: its database, and which code runs on it. */
export interface SubmittingSide {
  readonly url: string
  readonly pool: pg.Pool
  readonly approach: SubmitTask['approach']
}

/** What submitting came to. */
interface Paid {
  /** Charges on the API's bill. */
  readonly charges: number
  /** Answers that were asked for, and calls that a recorded answer spared. */
  readonly asked: number
  readonly avoided: number
}

const JOBS = 8
const NO_STEPS = { asked: 0, avoided: 0 }

/** A paid API of its own for each measurement, so that its bill is of that alone. */
async function billed(
  work: (paid: PaidApi) => Promise<{ readonly asked: number; readonly avoided: number }>,
): Promise<Paid> {
  const paid = await openPaidApi('lookup')
  try {
    const { asked, avoided } = await work(paid)
    return { charges: paid.bill.charges, asked, avoided }
  } finally {
    await paid.close()
  }
}

const taskOf = (
  { url, approach }: SubmittingSide,
  api: PaidApi,
  batchIds: readonly number[],
  actor: string,
): SubmitTask => ({
  url,
  approach,
  batchIds,
  actor,
  api: { url: api.url, offers: api.offers },
})

/**
 * Two processes at once submit what two runs of "create batches" made: naive, each its own half;
 * through Onceover, both of them everything that there is.
 */
function submittedTwice(
  worker: URL,
  side: SubmittingSide,
  configurationIds: readonly number[],
): Promise<Paid> {
  return billed(async (paid) => {
    const ids = await selectBatchIds(side.pool, configurationIds)
    const half = Math.ceil(ids.length / 2)
    const shares = side.approach === 'naive' ? [ids.slice(0, half), ids.slice(half)] : [ids, ids]
    const tasks = shares.map((share, n) => taskOf(side, paid, share, `analyst ${n + 1}`))
    await forkWorkers<SubmitTask, SubmitResult>(worker, tasks)
    return NO_STEPS
  })
}

async function newBatches({ pool, approach }: SubmittingSide, once: Onceover): Promise<number[]> {
  const configurationId = await addIncidentConfiguration(pool)
  if (approach === 'naive') await createBatchesNaively(pool, configurationId)
  else await createBatches({ once, pool }, { configurationId, actor: 'analyst' })
  return selectBatchIds(pool, [configurationId])
}

/** A process is killed when the API has all jobs and no answer is written down; another follows. */
function killedBetween(worker: URL, side: SubmittingSide, once: Onceover): Promise<Paid> {
  return billed(async (paid) => {
    const task = taskOf(side, paid, await newBatches(side, once), 'analyst')
    await forkWorkers(worker, [{ ...task, killedAfter: JOBS }]).catch((error: unknown) => {
      if (!String(error).includes('SIGKILL')) throw error
    })
    const [result] = await forkWorkers<SubmitTask, SubmitResult>(worker, [task])
    return result?.steps ?? NO_STEPS
  })
}

/** The API answers, but the database refuses to record it, as when its disk is full; then again. */
function unrecorded(side: SubmittingSide, once: Onceover): Promise<Paid> {
  return billed(async (paid) => {
    const batchIds = await newBatches(side, once)
    const { pool } = side
    const api = submissionApi(paid)
    const submit = () =>
      side.approach === 'naive'
        ? submitNaively(pool, api, batchIds)
        : submitBatches({ once, pool, api }, { batchIds, actor: 'analyst', backoff: '0ms' })
    const before = once.counters.steps
    await refuseRecords(pool)
    await submit().catch(() => undefined)
    await mendRecords(pool)
    await submit()
    const after = once.counters.steps
    return { asked: after.asked - before.asked, avoided: after.avoided - before.avoided }
  })
}

/** Measures what submissions cost on one side, in three ways to pay twice. */
async function measureSide(
  worker: URL,
  side: SubmittingSide,
  configurationIds: readonly number[],
): Promise<readonly [Paid, Paid, Paid]> {
  const once = await onceover({ db: side.pool })
  try {
    return [
      await submittedTwice(worker, side, configurationIds),
      await killedBetween(worker, side, once),
      await unrecorded(side, once),
    ]
  } finally {
    await once.close()
  }
}

/**
 * What the submissions cost: of the batches that two runs made, then of 8 jobs whose answers were
 * lost with a killed process, then of 8 whose answers could not be recorded.
 */
export async function submissionFigures(
  worker: URL,
  naive: SubmittingSide & { readonly configurationIds: readonly number[] },
  ours: SubmittingSide & { readonly configurationIds: readonly number[] },
): Promise<Figure[]> {
  const paidNaively = await measureSide(worker, naive, naive.configurationIds)
  const [twice, killed, refused] = await measureSide(worker, ours, ours.configurationIds)
  const both = (what: string, [theirs, own]: readonly [Paid, Paid]): Figure => ({
    what,
    naive: mustBe(theirs.charges, 2 * JOBS),
    onceover: mustBe(own.charges, JOBS),
  })
  return [
    both('paid submissions of these jobs', [paidNaively[0], twice]),
    both(`paid for ${JOBS} jobs: killed between call and record, run again`, [
      paidNaively[1],
      killed,
    ]),
    { what: '  the API was asked for the answer instead', onceover: mustBe(killed.asked, JOBS) },
    both(`paid for ${JOBS} jobs: the record refused once, run again`, [paidNaively[2], refused]),
    { what: '  paid calls avoided: the answer was kept', onceover: mustBe(refused.avoided, JOBS) },
  ]
}
