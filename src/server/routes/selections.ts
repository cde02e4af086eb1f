import { z } from 'zod'
import { CLAIM_STATES } from '../../index.ts'
import { findGenerator, guardOf } from '../context.ts'
import { spanSchema } from '../days.ts'
import { given } from '../given.ts'
import { answer, type Route, route } from '../route.ts'
import { guardParams } from '../schemas.ts'
import { chooseFromClaims, chooseFromMatrix } from '../select-keys.ts'
import { STATES } from './matrix.ts'

const values = z.record(z.string(), z.unknown())

const claims = z
  .object({
    state: z.enum(CLAIM_STATES).optional(),
    run: z.string().optional(),
    key: values.optional(),
    error: z.string().optional(),
  })
  .describe('Of the ledger instead of the matrix: the claims that match.')

const selectionBody = spanSchema
  .safeExtend({
    states: z.array(z.enum(STATES)).min(1).optional().describe('Only keys in these states.'),
    q: z.string().optional(),
    cells: z
      .array(z.object({ entity: z.string().nullable(), period: z.string() }))
      .optional()
      .describe('Only in these cells of the matrix.'),
    claims: claims.optional(),
  })
  .refine((body) => body.states || body.cells || body.claims, {
    message: 'it needs states, cells or claims',
  })

const selectionSchema = z.object({
  id: z.uuid(),
  count: z.int(),
  keys: z.array(values).describe('The first 20.'),
  at: z.string(),
})

const SHOWN = 20

/** Keys that are looked up once, to be previewed and then run. */
export const selectionRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/guards/:guard/selections',
    summary: 'Freezes a filter: its keys are looked up now and kept for 15 minutes.',
    tag: 'work',
    params: guardParams,
    body: selectionBody,
    writes: false,
    answers: { 201: { description: 'The selection.', schema: selectionSchema } },
    handle: async ({ params, body }, context) => {
      const guard = guardOf(context, params.guard)
      const { claims, states, q, cells, from, to } = body
      const chosen = claims
        ? await chooseFromClaims(context.once, { guard: guard.name, ...given(claims) })
        : await chooseFromMatrix(context, findGenerator(context, guard.name) ?? guard, {
            span: given({ from, to }),
            states,
            q,
            cells,
          })
      const { id, keys, at } = context.selections.add({ guard: guard.name, ...chosen })
      return answer(201, { id, count: keys.length, keys: keys.slice(0, SHOWN), at })
    },
  }),
]
