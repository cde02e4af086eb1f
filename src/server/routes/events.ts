import { z } from 'zod'
import { given } from '../given.ts'
import { partsOfQuery } from '../key-values.ts'
import { answer, type Route, route } from '../route.ts'
import { pageQuery, searchedOf } from '../schemas.ts'
import { verdictName } from '../verdicts.ts'

/** What an event says of its keys. */
export const eventName = z.enum([...verdictName.options, 'taken_over'])

const values = z.record(z.string(), z.unknown())

/** A line of the audit, as `onceover events --json` has it. */
const eventSchema = z.object({
  id: z.string(),
  at: z.string(),
  run: z.uuid(),
  guard: z.string(),
  verdict: eventName,
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  keys: z.array(values),
  existing: z.array(values.nullable()).nullable().describe('The row that each key met.'),
  cursor: z.string(),
})

// Parts of keys are called as their guards call them: `part.NAME=value`.
const eventsQuery = pageQuery
  .extend({
    guard: z.string().optional(),
    verdict: eventName.optional(),
    run: z.string().optional(),
    actor: z.string().optional(),
    reason: z.string().optional().describe('A text that it has in it.'),
    since: z.string().optional().describe('How long ago (`1d`), or a moment in ISO form.'),
    until: z.string().optional(),
  })
  .catchall(z.string())

/** The audit. */
export const eventRoutes: readonly Route[] = [
  route({
    method: 'get',
    shared: true,
    path: '/events',
    summary: 'The audit, newest first; `part.NAME=value` narrows by a key.',
    tag: 'events',
    query: eventsQuery,
    answers: { 200: { description: 'A page of events.', schema: searchedOf(eventSchema) } },
    handle: async ({ query }, { once }) => {
      const { cursor: after, limit, guard, verdict, run, actor, reason, since, until } = query
      const key = partsOfQuery(query)
      const filter = { after, limit, guard, verdict, run, actor, reason, since, until, key }
      return answer(200, await once.searchEvents(given(filter)))
    },
  }),
]
