import { z } from 'zod'
import { generatorOf } from '../context.ts'
import { daysSchema, rangeOf } from '../days.ts'
import { answer, type Route, route } from '../route.ts'
import { guardParams } from '../schemas.ts'

const counts = {
  expected: z.int(),
  made: z.int(),
  missing: z.int(),
  extra: z.int(),
  duplicate: z.int(),
  in_flight: z.int(),
  failed: z.int(),
}

const keys = z.array(z.record(z.string(), z.unknown())).describe('The first 1000.')

const reconciliation = z.object({
  totals: z.object(counts),
  periods: z.array(z.object({ period: z.unknown(), ...counts })),
  missing: keys,
  extra: keys,
  duplicate: keys,
  in_flight: keys,
  failed: keys,
  invalid: z.int(),
})

/** What is expected against what there is. */
export const reconcileRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/guards/:guard/reconcile',
    heavy: true,
    summary: 'Holds what is expected in a span of days against rows and claims, period by period.',
    tag: 'guards',
    shared: true,
    params: guardParams,
    query: daysSchema,
    answers: { 200: { description: 'What is missing, extra, duplicate.', schema: reconciliation } },
    handle: async ({ params, query }, context) => {
      const generator = generatorOf(context, params.guard)
      return answer(200, await context.once.reconcile(generator, rangeOf(generator, query)))
    },
  }),
]
