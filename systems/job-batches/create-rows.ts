import { type Handle, type InsertOptions, type InsertResult, OnceoverError } from 'onceover'
import { z } from 'zod'
import { BATCH_TYPES } from './configuration.ts'
import { jobBatches } from './guards.ts'
import { planOf } from './preview.ts'
import { insertJobs, type NewJob } from './queries.ts'
import type { Workflow } from './workflow.ts'

const wanted = z.object({
  configuration_id: z.coerce.number().int(),
  batch_type: z.enum(BATCH_TYPES),
})

/** What is done with a duplicate, who asks, and why. */
export type RowOptions = Pick<InsertOptions, 'onDuplicate' | 'reason' | 'actor'>

const NOBODY = 'nobody'
const RETRIES = 3

/**
 * Makes batches of rows that name a configuration and a type, each with its jobs, in one
 * transaction: a row of the table alone would be a batch of nothing. Answers as `once.insert` does.
 *
 * @throws OnceoverError INPUT_INVALID for a row that names neither, ROWS_REJECTED
 */
export async function createRows(
  { once }: Pick<Workflow, 'once'>,
  rows: readonly Readonly<Record<string, unknown>>[],
  options: RowOptions,
): Promise<InsertResult> {
  const batches = rows.map((row) => completed(row, options))
  const outcome = await once.transaction(
    async (tx) => {
      try {
        const result = await once.insert(jobBatches, batches, { ...options, handle: tx })
        await addJobs(tx, result)
        return result
      } catch (error) {
        // Returned, not thrown: the transaction commits, and with it the event of the refusal.
        if (error instanceof OnceoverError && error.code === 'ROWS_REJECTED') return error
        throw error
      }
    },
    { retries: RETRIES },
  )
  if (outcome instanceof OnceoverError) throw outcome
  return outcome
}

function completed(row: Readonly<Record<string, unknown>>, { onDuplicate, ...said }: RowOptions) {
  const { success, data, error } = wanted.safeParse(row)
  if (!success) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `This is no batch: ${z.prettifyError(error)}`,
      fix: `Name a configuration_id, and a batch_type: ${BATCH_TYPES.join(' or ')}.`,
    })
  }
  const allowed = onDuplicate === 'allow'
  return {
    ...data,
    created_by: said.actor ?? NOBODY,
    ...(allowed && { allow_reason: said.reason, allowed_by: said.actor }),
  }
}

const made = z.object({ id: z.int() })

async function addJobs(tx: Handle, { verdicts }: InsertResult): Promise<void> {
  const jobs: NewJob[] = []
  for (const { verdict, key, row } of verdicts) {
    if (verdict !== 'created' && verdict !== 'allowed') continue
    const { configuration_id, batch_type } = wanted.parse(key)
    const { id } = made.parse(row)
    const planned = await planOf(tx, { configurationId: configuration_id, types: [batch_type] })
    for (const { items } of planned) {
      jobs.push(...items.map((item, n) => ({ batch_id: id, item_number: n + 1, item })))
    }
  }
  await insertJobs(tx, jobs)
}
