import { z } from 'zod'
import { answer, type Route, route } from '../route.ts'

const status = z.object({ status: z.literal('ok') })

/** Whether the process lives, and whether the database answers: for whoever restarts it. */
export const healthRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/healthz',
    summary: 'The process lives.',
    tag: 'health',
    answers: { 200: { description: 'It does.', schema: status } },
    open: true,
    handle: () => answer(200, { status: 'ok' }),
  }),
  route({
    method: 'get',
    path: '/readyz',
    summary: 'The database answers and has our schema.',
    tag: 'health',
    answers: { 200: { description: 'It does.', schema: status } },
    open: true,
    handle: async (_asked, { once }) => {
      await once.runs({ limit: 1 })
      return answer(200, { status: 'ok' })
    },
  }),
]
