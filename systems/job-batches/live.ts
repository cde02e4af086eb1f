import { setTimeout as sleep } from 'node:timers/promises'
import type { Furnishing, LiveSystem } from '../live-system.ts'
import { cancelBatch } from './cancel.ts'
import { createRows, type RowOptions } from './create-rows.ts'
import { createBatches } from './generate.ts'
import { jobBatches, jobSubmissions } from './guards.ts'
import { addIncidentConfiguration, createSchema } from './incident.ts'
import { openPaidApi, type PaidApi } from './paid-api.ts'
import { insertConfiguration } from './queries.ts'
import { submissionApi } from './submission-api.ts'
import { submissions } from './submissions.ts'
import { submitBatches } from './submit.ts'
import type { SubmittingWorkflow } from './workflow.ts'

/** Configurations by name, and what was created of each: the first is asked for by the example. */
const CONFIGURATIONS: readonly (readonly [name: string, types: 'both' | 'first' | 'none'])[] = [
  ['Mid-year review', 'none'],
  ['Spring renewal', 'both'],
  ['Summer renewal', 'both'],
  ['Autumn renewal', 'both'],
  ['Hurricane season', 'both'],
  ['Earthquake study', 'first'],
  ['Flood pilot', 'first'],
  ['Board report', 'none'],
]
const [FIRST_TYPE, SECOND_TYPE] = ['EDM_CREATION', 'PORTFOLIO_CREATION'] as const

/** The run that goes on for minutes: so many jobs, so many at once, a second each. */
const OVERNIGHT = { name: 'Overnight re-submission', jobs: 1200, atOnce: 2 } as const
const SUBMISSION_MS = 1000

/** The batches as they live, and what makes them. */
export interface LiveBatches extends LiveSystem {
  readonly workflow: SubmittingWorkflow
  /** Makes batches with their jobs: what the server makes rows of them with. */
  readonly create: (
    rows: readonly Readonly<Record<string, unknown>>[],
    options: RowOptions,
  ) => ReturnType<typeof createRows>
}

/**
 * Configurations with batches of one or both types, one of them an allowed copy, one cancelled, one
 * submitted; and a run that submits 1,200 jobs to a slow API until somebody cancels it.
 */
export async function furnishBatches({ once, pool }: Furnishing): Promise<LiveBatches> {
  await createSchema(pool)
  await once.enforce(jobBatches)
  await once.enforce(jobSubmissions)
  const paid = await openPaidApi('lookup')
  const workflow = { once, pool, api: submissionApi(paid) }
  const planted = await plant(workflow, paid).catch(async (error: unknown) => {
    await paid.close()
    throw error
  })
  return {
    workflow,
    guards: [jobBatches, jobSubmissions],
    generators: [submissions(workflow)],
    example: {
      path: `/job-batches/api/configurations/${planted.unused}/batches`,
      body: { actor: 'ana' },
    },
    planted: {
      says:
        `${CONFIGURATIONS.length + 1} configurations × 2 types. A run submits ${OVERNIGHT.jobs} ` +
        'jobs to a slow API: cancel it.',
      see: '#/runs?state=running',
    },
    create: (rows, options) => createRows(workflow, rows, options),
    close: async () => {
      await planted.ended
      await paid.close()
    },
  }
}

async function plant(workflow: SubmittingWorkflow, paid: PaidApi) {
  const [unused] = await plantBatches(workflow)
  paid.behave(() => ({ answersAfter: sleep(SUBMISSION_MS, undefined, { ref: false }) }))
  return { unused, ...(await runOvernight(workflow)) }
}

async function plantBatches(workflow: SubmittingWorkflow): Promise<number[]> {
  const ids: number[] = []
  for (const [name, made] of CONFIGURATIONS) {
    const configurationId = await addIncidentConfiguration(workflow.pool, name)
    ids.push(configurationId)
    if (made === 'none') continue
    const types = made === 'both' ? [FIRST_TYPE, SECOND_TYPE] : [FIRST_TYPE]
    await createBatches(workflow, { configurationId, types, actor: 'ana' })
  }
  const [, spring = 0, summer = 0, autumn = 0] = ids
  const allowDuplicate = { reason: 'new vendor data, compared side by side', actor: 'ben' }
  const again = { configurationId: spring, types: [SECOND_TYPE], actor: 'ben', allowDuplicate }
  await createBatches(workflow, again)
  // Nobody is told, and the refusal is kept: a second click on the same button.
  const twice = createBatches(workflow, { configurationId: autumn, actor: 'ana' })
  await twice.catch(() => undefined)
  const { batches } = await batchesOf(workflow, summer)
  await submitBatches(workflow, { batchIds: batches.slice(0, 1), actor: 'ana' })
  const [, second = 0] = batches
  const reason = 'the wrong portfolios'
  await cancelBatch(workflow, { batchId: second, reason, actor: 'ben' })
  return ids
}

async function batchesOf({ pool }: SubmittingWorkflow, configurationId: number) {
  const { rows } = await pool.query(
    'SELECT id FROM irp_batch WHERE configuration_id = $1 ORDER BY id',
    [configurationId],
  )
  return { batches: rows.map(({ id }) => Number(id)) }
}

async function runOvernight(workflow: SubmittingWorkflow) {
  const { name, jobs, atOnce } = OVERNIGHT
  const portfolios = Array.from({ length: jobs }, (_, n) => {
    return { name: `BOOK_${n + 1}`, database: `EDM_${(n % 40) + 1}` }
  })
  const items = { databases: [], portfolios }
  const configurationId = await insertConfiguration(workflow.pool, name, items)
  const created = await createBatches(workflow, { configurationId, actor: 'night shift' })
  const ended = submitBatches(workflow, {
    batchIds: created.map(({ id }) => id),
    actor: 'night shift',
    reason: 'everything anew after the model change',
    atOnce,
  }).catch(() => undefined)
  return { ended }
}
