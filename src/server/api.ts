import { readFileSync } from 'node:fs'
import { openapi } from './openapi.ts'
import { answer, type PlacedRoute, type Route, route } from './route.ts'
import { aboutRoutes } from './routes/about.ts'
import { claimRoutes } from './routes/claims.ts'
import { duplicateRoutes } from './routes/duplicates.ts'
import { enforcementRoutes } from './routes/enforcement.ts'
import { eventRoutes } from './routes/events.ts'
import { guardRoutes } from './routes/guards.ts'
import { healthRoutes } from './routes/health.ts'
import { keyRoutes } from './routes/keys.ts'
import { liveRoutes } from './routes/live.ts'
import { matrixRoutes } from './routes/matrix.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { reconcileRoutes } from './routes/reconcile.ts'
import { repairRoutes } from './routes/repairs.ts'
import { runRoutes } from './routes/runs.ts'
import { selectionRoutes } from './routes/selections.ts'
import { workRoutes } from './routes/work.ts'

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

const documented: Route = route({
  method: 'get',
  path: '/openapi.json',
  summary: 'This document.',
  tag: 'about',
  answers: { 200: { description: 'OpenAPI 3.1.' } },
  handle: () => answer(200, openapi(API, version)),
})

const placed = (prefix: string, routes: readonly Route[]): readonly PlacedRoute[] =>
  routes.map((route) => ({ path: `${prefix}${route.path}`, route }))

/** Every route of a server, with its path below the place where it is mounted. */
export const API: readonly PlacedRoute[] = [
  ...placed('/api', [
    ...aboutRoutes(version),
    ...guardRoutes,
    ...duplicateRoutes,
    ...repairRoutes,
    ...enforcementRoutes,
    ...matrixRoutes,
    ...keyRoutes,
    ...reconcileRoutes,
    ...selectionRoutes,
    ...workRoutes,
    ...runRoutes,
    ...claimRoutes,
    ...eventRoutes,
    ...liveRoutes,
    documented,
  ]),
  ...placed('', [...healthRoutes, ...metricsRoutes]),
]
