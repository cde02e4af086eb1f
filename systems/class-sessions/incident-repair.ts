import type { Handle } from 'onceover'
import { countDiffering, setAside } from '../set-aside.ts'
import { enforceGuards } from './enforce.ts'
import { advanceAll } from './generate.ts'
import { type IncidentFigures, incidentFigures } from './incident-figures.ts'
import { FIRST_DATE } from './incident-plan.ts'
import { repairSchool, undoSchool } from './repair.ts'
import type { School } from './school.ts'

/** What repairing the incident came to. */
export interface IncidentRepair {
  readonly repaired: RepairFigures
  /** Unique indexes that stood after enforcing, of four. */
  readonly indexes: number
  /** The generator, run again over two weeks that were generated already. */
  readonly again: { readonly created: number; readonly skipped: number }
  /** Rows of all tables that were not as before the repair, once it was undone. */
  readonly differing: number
  /** Unique indexes that were left then. */
  readonly indexesLeft: number
  /** The same repair once more. */
  readonly redone: RepairFigures
}

/** What one repair did, and what stood after it. */
export interface RepairFigures {
  /** Series that were set to PAUSED. */
  readonly paused: number
  /** Sessions that were removed. */
  readonly removed: number
  readonly after: IncidentFigures
}

const TABLES = ['class_series', 'class_sessions', 'class_session_students'] as const
const ASKER = { actor: 'demo', reason: 'duplicates of 2025-10-23' } as const
const DAYS_GENERATED = 13

/** How many of the guards' unique indexes stand and are valid. */
const COUNT_INDEXES = `
  SELECT count(*)::int AS n FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
  WHERE relname LIKE 'ux\\_class\\_%' AND indisunique AND indisvalid AND indisready`

/**
 * Repairs the loaded incident, enforces the guards, runs the generator again, takes all of it back
 * and does it once more. The tables are as a repair leaves them then, with the guards in place.
 */
export async function repairIncident(school: School): Promise<IncidentRepair> {
  const { once, pool } = school
  await once.migrate()
  await setAside(pool, TABLES)
  const { applied, ...repaired } = await repair(school)
  await enforceGuards(school)
  const indexes = await countIndexes(pool)
  const again = await advanceAll(once, { now: `${FIRST_DATE}T00:03+09:00`, days: DAYS_GENERATED })
  await undoSchool(school, applied, ASKER)
  const differing = await countDiffering(pool, TABLES)
  const indexesLeft = await countIndexes(pool)
  const { applied: _, ...redone } = await repair(school)
  await enforceGuards(school)
  const { created, skipped } = again
  return { repaired, indexes, again: { created, skipped }, differing, indexesLeft, redone }
}

async function repair(school: School) {
  const applied = await repairSchool(school, ASKER)
  return {
    applied,
    paused: applied.reduce((sum, { changed }) => sum + changed, 0),
    removed: applied.reduce((sum, { removed }) => sum + removed, 0),
    after: await incidentFigures(school.pool),
  }
}

async function countIndexes(handle: Handle): Promise<number> {
  const { rows } = await handle.query(COUNT_INDEXES)
  return Number(rows[0]?.n)
}
