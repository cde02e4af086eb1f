import { z } from 'zod'
import { CLAIM_STATES } from '../../index.ts'
import { given } from '../given.ts'
import { partsOfQuery } from '../key-values.ts'
import { answer, type Route, route } from '../route.ts'
import { pageQuery, searchedOf } from '../schemas.ts'

/** A claim, as `onceover claims --json` has it. */
export const claimSchema = z.object({
  guard: z.string(),
  key: z.record(z.string(), z.unknown()),
  state: z.enum(CLAIM_STATES),
  attempt: z.int(),
  fence: z.string(),
  origin: z.enum(['new', 'taken_over', 'retried', 'reopened']),
  run: z.uuid(),
  worker: z.string().nullable(),
  leaseUntil: z.string().nullable(),
  retryAt: z.string().nullable(),
  error: z.string().nullable(),
  needsReconcile: z.string().nullable().describe('A step whose answer was lost.'),
  result: z.unknown(),
  claimedAt: z.string(),
  endedAt: z.string().nullable(),
  cursor: z.string(),
})

// Parts of keys are called as their guards call them: `part.NAME=value`.
const claimsQuery = pageQuery
  .extend({
    guard: z.string().optional(),
    state: z.enum(CLAIM_STATES).optional(),
    run: z.string().optional(),
    error: z.string().optional().describe('A text that it has in it.'),
  })
  .catchall(z.string())

/** What the ledger holds, key by key. */
export const claimRoutes: readonly Route[] = [
  route({
    method: 'get',
    shared: true,
    path: '/claims',
    summary: 'The claims of the ledger, the latest first; `part.NAME=value` narrows by the key.',
    tag: 'claims',
    query: claimsQuery,
    answers: { 200: { description: 'A page of claims.', schema: searchedOf(claimSchema) } },
    handle: async ({ query }, { once }) => {
      const { cursor: after, limit, guard, state, run, error, ...rest } = query
      const filter = { after, limit, guard, state, run, error, key: partsOfQuery(rest) }
      return answer(200, await once.searchClaims(given(filter)))
    },
  }),
]
