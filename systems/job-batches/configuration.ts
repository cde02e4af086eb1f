import { z } from 'zod'

const database = z.object({ name: z.string() })
const portfolio = z.object({ name: z.string(), database: z.string() })

/** What a configuration holds (irp_configuration.items): the databases and their portfolios. */
export const configurationItems = z.object({
  databases: z.array(database).default([]),
  portfolios: z.array(portfolio).default([]),
})

/** The items of a configuration, read and checked. */
export type ConfigurationItems = z.infer<typeof configurationItems>

/** An item of work: a job is made of each. */
export type Item = z.infer<typeof database> | z.infer<typeof portfolio>

/** The types of batch, each with the items of a configuration that become its jobs. */
const ITEMS_OF = {
  EDM_CREATION: (items: ConfigurationItems): readonly Item[] => items.databases,
  PORTFOLIO_CREATION: (items: ConfigurationItems): readonly Item[] => items.portfolios,
} as const

/** A type of batch: what is done with each of its items. */
export type BatchType = keyof typeof ITEMS_OF

/** Every type of batch, in the order in which the workflow runs them. */
export const BATCH_TYPES = ['EDM_CREATION', 'PORTFOLIO_CREATION'] as const satisfies BatchType[]

/** A batch that a configuration asks for: its type, and the items that become its jobs. */
export interface PlannedBatch {
  readonly type: BatchType
  readonly items: readonly Item[]
}

/** The batches that a configuration asks for: one per wanted type that has any item. */
export function planBatches(
  items: ConfigurationItems,
  types: readonly BatchType[] = BATCH_TYPES,
): PlannedBatch[] {
  return BATCH_TYPES.filter((type) => types.includes(type))
    .map((type) => ({ type, items: ITEMS_OF[type](items) }))
    .filter((planned) => planned.items.length > 0)
}
