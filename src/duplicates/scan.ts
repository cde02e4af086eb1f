import { OnceoverError } from '../core/error.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import { findChangingPart } from '../guards/obstacle.ts'
import type { InspectedPart } from '../guards/part.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { stoppable } from '../postgres/stoppable.ts'
import { answer, zip } from './answer.ts'
import { findingsOf } from './findings.ts'
import { findGrowth } from './growth.ts'
import { findOverlaps } from './overlaps.ts'
import {
  countLooseExcess,
  countLooseKeys,
  countRepeated,
  countRows,
  selectGroups,
} from './queries.ts'
import type { DuplicateGroup, PartReport, Repetition, ScanReport } from './scan-report.ts'
import { missingTenants } from './tenant.ts'

type Member = readonly [members: number, key: readonly unknown[], rows: readonly unknown[][]]

interface Groups {
  readonly declared: Repetition
  readonly equal: Repetition
  readonly distinct: Repetition
  readonly largest: readonly Member[]
  readonly sizes: ScanReport['duplicates']['sizes']
}

const asGroup = ({ parts, shown }: Inspection, [rows, key, members]: Member): DuplicateGroup => ({
  key: zip(parts, key),
  rows,
  keeper: zip(shown, members[0] ?? []),
  losers: members.slice(1).map((values) => zip(shown, values)),
})

/** Takes the counts of one part off the front of what `countRows` counted. */
const takePart = ({ name, part }: InspectedPart, counts: number[]): PartReport => {
  const [nulls = 0, nonCanonical = 0, unlisted = 0] = counts.splice(0, 3)
  const forbidden = part.forbid.map((value) => ({ value, rows: counts.shift() ?? 0 }))
  return {
    name,
    declared: part.nulls,
    nulls,
    forbidden: forbidden.filter(({ rows }) => rows > 0),
    ...(part.values.length > 0 && { unlisted }),
    nonCanonical,
  }
}

function refuseHidden({ guard, table }: Inspection) {
  if (!table.rowSecurity) return
  throw new OnceoverError('RLS_HIDES_ROWS', {
    message: `Row-level security hides rows of ${guard.table} from this role: a scan would lie.`,
    details: { guard: guard.name, table: guard.table },
  })
}

// Now it is one key and at another time another: what is counted would mean nothing.
async function refuseChanging(session: Session, { guard, table, parts }: Inspection) {
  const clause = await findChangingPart(session, table, parts)
  if (clause === undefined) return
  throw new OnceoverError('EXPRESSION_INVALID', {
    message:
      `${clause} of the guard ${guard.name} is not immutable: ` +
      'it changes with the time or with settings.',
    fix:
      "Say what it depends on, such as (at AT TIME ZONE 'Europe/Rome')::date for a day, or " +
      'a || b for concat(a, b).',
    details: { guard: guard.name, table: guard.table, clause },
  })
}

/**
 * Refuses an inspected guard of which a reading would lie.
 *
 * @throws OnceoverError RLS_HIDES_ROWS, EXPRESSION_INVALID for a key that is not immutable
 */
export async function refuseUnreadable(session: Session, inspection: Inspection): Promise<void> {
  refuseHidden(inspection)
  await refuseChanging(session, inspection)
}

/** What harmless differences hide, besides the rows that are in excess without removing them. */
async function hiddenGroups(
  session: Session,
  inspection: Inspection,
  { distinct }: Groups,
): Promise<Repetition> {
  const loose = await answer<number>(session, countLooseExcess(inspection))
  const excess = loose - distinct.excess
  // To count the keys takes twice as long, and mostly there are none.
  const groups = excess > 0 ? await answer<number>(session, countLooseKeys(inspection)) : 0
  return { groups, excess }
}

/**
 * Scans one inspected guard on a session.
 *
 * @throws OnceoverError RLS_HIDES_ROWS, EXPRESSION_INVALID for a key that is not immutable
 */
export async function scanInspected(session: Session, inspection: Inspection): Promise<ScanReport> {
  await refuseUnreadable(session, inspection)
  const { guard, table, coverage } = inspection
  const counts = await answer<number[]>(session, countRows(inspection))
  const [rows = 0, unfinished = 0] = counts.splice(0, 2)
  const parts = inspection.parts.map((part) => takePart(part, counts))
  const groups = await answer<Groups>(session, selectGroups(inspection))
  const overlaps = await findOverlaps(session, inspection)
  const spelled = parts.some(({ nonCanonical }) => nonCanonical > 0)
  const facts = {
    guard: guard.name,
    table: `${table.schema}.${table.name}`,
    target: session.target,
    where: guard.where,
    rows,
    duplicates: {
      ...groups.declared,
      largest: groups.largest.map((group) => asGroup(inspection, group)),
      sizes: groups.sizes,
    },
    nulls: {
      equal: groups.equal,
      distinct: groups.distinct,
      gapExcess: groups.equal.excess - groups.distinct.excess,
    },
    parts,
    hidden: spelled ? await hiddenGroups(session, inspection, groups) : { groups: 0, excess: 0 },
    unfinished,
    ...(overlaps && { overlaps }),
    coverage,
  }
  // Without duplicates nothing can differ in a column that the key lacks.
  const tenants = facts.duplicates.groups > 0 ? await missingTenants(session, inspection) : []
  return { ...facts, findings: findingsOf(facts, inspection, tenants) }
}

/** What a scan looks for besides. */
export interface ScanOptions {
  /** Whether to read when the excess rows were made. Default false: it takes one more pass. */
  readonly growth?: boolean
  /** Aborted: the scan is stopped where it is. */
  readonly signal?: AbortSignal
}

/**
 * Scans the tables of guards for what breaks their keys. It reads only, in one REPEATABLE READ READ
 * ONLY transaction, so that it works on a standby and all figures are of one moment; it needs no
 * schema of ours. Memory here does not grow with the table.
 *
 * @throws OnceoverError RLS_HIDES_ROWS, STOPPED, and what the inspection of a guard throws
 */
export function scan(
  database: Database,
  guards: readonly Guard[],
  { growth = false, signal }: ScanOptions = {},
): Promise<readonly ScanReport[]> {
  const scanned = async (session: Session, guard: Guard): Promise<ScanReport> => {
    const inspection = await inspect(session, guard)
    const report = await scanInspected(session, inspection)
    const grown = growth ? await findGrowth(session, inspection, report.rows) : {}
    return { ...report, ...grown }
  }
  return database.read((session) =>
    stoppable(database, session, signal, async () => {
      const reports: ScanReport[] = []
      for (const guard of guards) reports.push(await scanned(session, guard))
      return reports
    }),
  )
}

/** How many keys of an inspected guard repeat, and how many rows are in excess. */
export async function countDuplicates(
  session: Session,
  inspection: Inspection,
): Promise<Repetition> {
  return answer<Repetition>(session, countRepeated(inspection))
}
