import type { Counters } from '../audit/counters.ts'
import type { Logger } from '../core/logger.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import { isMigrated } from '../postgres/schema.ts'
import type { Environment } from './environment.ts'

// No error tells that a default was altered, so that what the catalogue said is not kept for long.
const INSPECTION_MS = 30_000

interface Remembered {
  readonly inspection: Inspection
  readonly until: number
}

/** What the functions on rows work in, with a memory of what the catalogue said. */
export function openEnvironment(
  database: Database,
  logger: Logger,
  counters: Counters,
): Environment {
  const inspections = new WeakMap<Guard, Map<string, Remembered>>()
  let migrated = false
  return {
    database,
    logger,
    counters,
    inspect: async (guard, session) => {
      // A schema for each tenant: the same name may be another table to the handle of a caller.
      const path = session.transactional ? await session.searchPath() : ''
      const known = inspections.get(guard) ?? new Map<string, Remembered>()
      const remembered = known.get(path)
      if (remembered && performance.now() < remembered.until) return remembered.inspection
      const inspection = await inspect(session, guard)
      // A guard not yet enforced is asked about again: another process may enforce it.
      if (inspection.coverage.enforced) {
        const until = performance.now() + INSPECTION_MS
        inspections.set(guard, known.set(path, { inspection, until }))
      }
      return inspection
    },
    forget: (guard) => {
      inspections.delete(guard)
      migrated = false
    },
    audited: async (session) => {
      migrated ||= await isMigrated(session)
      return migrated
    },
  }
}
