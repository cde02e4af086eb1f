import { z } from 'zod'
import { answer, type Route, route } from '../route.ts'

/** Metrics for Prometheus. */
export const metricsRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus.',
    tag: 'health',
    answers: { 200: { description: 'Metrics.', schema: z.string(), type: 'text/plain' } },
    handle: async (_asked, { metrics }) => {
      const { text, type } = await metrics.expose()
      return answer(200, new Response(text, { headers: { 'content-type': type } }))
    },
  }),
]
