import { type Guard, type Inspection, OnceoverError, type StoredRepair } from '../../index.ts'
import { findGenerator, guardOf, type ServerContext } from '../context.ts'
import { type Looked, ledgerOf, lookAt } from '../guard-facts.ts'
import { answer, type Route, route } from '../route.ts'
import { guardParams, pageOf } from '../schemas.ts'
import { guardDetail, guardSummary } from './guard-schemas.ts'

const NEWEST_REPAIRS = 5

const underwayOf = ({ underway }: ServerContext, guard: string) => {
  const all = underway.of(guard)
  return all.find(({ endedAt }) => endedAt === null) ?? all[0] ?? null
}

async function summaryOf(context: ServerContext, guard: Guard, looked?: Looked) {
  const { inspection, error } = looked ?? (await lookAt(context, guard))
  const { counts, lastRun } = await ledgerOf(context, guard)
  const { name, table, key, where, matrix } = guard
  const generator = findGenerator(context, name)
  const { enforced = false, indexes = [] } = inspection?.coverage ?? {}
  return {
    name,
    table,
    key: Object.keys(key),
    where: where ?? null,
    matrix: matrix ? { entity: matrix.entity, period: matrix.period } : null,
    generator: generator !== undefined,
    expected: generator?.options.expected !== undefined,
    copies: guard.copies !== undefined,
    enforced,
    index: (enforced && indexes[0]?.name) || null,
    counts,
    lastRun,
    underway: underwayOf(context, name),
    error,
  }
}

const inspected = ({ table, coverage }: Inspection) => ({
  ...coverage,
  table: `${table.schema}.${table.name}`,
  columns: [...table.columns.keys()],
  primaryKey: table.primaryKey.map(({ name }) => name),
  partitioned: table.partitioned,
  rowSecurity: table.rowSecurity,
})

const partsOf = (guard: Guard, inspection: Inspection | null) =>
  inspection
    ? inspection.parts.map(({ name, column, base }) => ({ name, type: column?.type ?? base }))
    : Object.keys(guard.key).map((name) => ({ name, type: null }))

async function newestRepairs({ once }: ServerContext, guard: string) {
  try {
    return await once.repairs({ guard, limit: NEWEST_REPAIRS })
  } catch (error) {
    const none: readonly StoredRepair[] = []
    if (error instanceof OnceoverError && error.code === 'NOT_MIGRATED') return none
    throw error
  }
}

/** Guards: how they are declared, and how they stand. */
export const guardRoutes: readonly Route[] = [
  route({
    method: 'get',
    shared: true,
    path: '/guards',
    summary: 'All guards, each with how it stands.',
    tag: 'guards',
    answers: {
      200: { description: 'The guards.', schema: pageOf(guardSummary) },
    },
    handle: async (_asked, context) => {
      const { guards } = context.options
      return answer(200, {
        items: await Promise.all(guards.map((guard) => summaryOf(context, guard))),
        next: null,
      })
    },
  }),
  route({
    method: 'get',
    shared: true,
    path: '/guards/:guard',
    summary: 'One guard: how it is declared, which indexes stand for it, and its newest repairs.',
    tag: 'guards',
    params: guardParams,
    answers: { 200: { description: 'The guard.', schema: guardDetail } },
    handle: async ({ params }, context) => {
      const guard = guardOf(context, params.guard)
      const looked = await lookAt(context, guard)
      const { inspection } = looked
      return answer(200, {
        ...(await summaryOf(context, guard, looked)),
        parts: partsOf(guard, inspection),
        keep: inspection?.keep ?? guard.keep,
        losers: guard.losers,
        inspection: inspection && inspected(inspection),
        repairs: await newestRepairs(context, guard.name),
      })
    },
  }),
]
