import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Guard } from '../guards/guard.ts'
import { type Inspection, inspect } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { findingsOf } from './findings.ts'
import { countHiddenGroups, countRows, selectGroups } from './queries.ts'
import type { DuplicateGroup, PartReport, ScanReport } from './scan-report.ts'

interface CountsAnswer {
  rows: string
  unfinished: string
  parts: { nulls: string; forbidden: Record<string, string>; strange: string; loose: string }[]
}

interface GroupsAnswer extends Record<string, unknown> {
  groups: string
  excess: string
  equalGroups: string
  equalExcess: string
  distinctGroups: string
  distinctExcess: string
  largest: [members: number, key: unknown[], rows: unknown[][]][]
}

const zip = (columns: readonly { name: string }[], values: readonly unknown[]): RowValues =>
  Object.fromEntries(columns.map(({ name }, place) => [name, values[place] ?? null]))

const asGroup = (
  { parts, shown }: Inspection,
  [rows, key, members]: GroupsAnswer['largest'][number],
): DuplicateGroup => ({
  key: zip(parts, key),
  rows,
  keeper: zip(shown, members[0] ?? []),
  losers: members.slice(1).map((values) => zip(shown, values)),
})

const asParts = ({ parts }: Inspection, counts: CountsAnswer): PartReport[] =>
  parts.map(({ name, part }, place) => {
    const { nulls = '0', forbidden = {}, strange = '0', loose = '0' } = counts.parts[place] ?? {}
    const found = Object.entries(forbidden).map(([value, rows]) => ({ value, rows: Number(rows) }))
    if (strange !== '0') {
      found.push({ value: `none of ${part.values.join(', ')}`, rows: Number(strange) })
    }
    return {
      name,
      declared: part.nulls,
      nulls: Number(nulls),
      forbidden: found.filter(({ rows }) => rows > 0),
      nonCanonical: Number(loose),
    }
  })

async function hiddenGroups(
  session: Session,
  inspection: Inspection,
  parts: readonly PartReport[],
) {
  if (parts.every(({ nonCanonical }) => nonCanonical === 0)) return { groups: 0, excess: 0 }
  const [row] = await session.query<{ groups: string; excess: string }>(
    countHiddenGroups(inspection),
  )
  return { groups: Number(row?.groups), excess: Number(row?.excess) }
}

/**
 * Scans one inspected guard on a session.
 *
 * @throws OnceoverError RLS_HIDES_ROWS
 */
export async function scanInspected(session: Session, inspection: Inspection): Promise<ScanReport> {
  const { guard } = inspection
  if (inspection.table.rowSecurity) {
    throw new OnceoverError('RLS_HIDES_ROWS', {
      message: `Row-level security hides rows of ${guard.table} from this role: a scan would lie.`,
      details: { guard: guard.name, table: guard.table },
    })
  }
  const [counted] = await session.query<{ counts: string }>(countRows(inspection))
  const counts: CountsAnswer = JSON.parse(counted?.counts ?? '')
  const [grouped] = await session.query<{ groups: string }>(selectGroups(inspection))
  const groups: GroupsAnswer = JSON.parse(grouped?.groups ?? '')
  const parts = asParts(inspection, counts)
  const facts = {
    guard: guard.name,
    table: `${inspection.table.schema}.${inspection.table.name}`,
    target: session.target,
    where: guard.where,
    rows: Number(counts.rows),
    duplicates: {
      groups: Number(groups.groups),
      excess: Number(groups.excess),
      largest: groups.largest.map((group) => asGroup(inspection, group)),
    },
    nulls: {
      equal: { groups: Number(groups.equalGroups), excess: Number(groups.equalExcess) },
      distinct: { groups: Number(groups.distinctGroups), excess: Number(groups.distinctExcess) },
      gapExcess: Number(groups.equalExcess) - Number(groups.distinctExcess),
    },
    parts,
    hidden: await hiddenGroups(session, inspection, parts),
    unfinished: Number(counts.unfinished),
    coverage: inspection.coverage,
  }
  return { ...facts, findings: findingsOf(facts) }
}

/**
 * Scans the tables of guards for what breaks their keys. It reads only, in one REPEATABLE READ READ
 * ONLY transaction, so that it works on a standby and all figures are of one moment; it needs no
 * schema of ours. Memory here does not grow with the table.
 *
 * @throws OnceoverError RLS_HIDES_ROWS, and what the inspection of a guard throws
 */
export function scan(database: Database, guards: readonly Guard[]): Promise<readonly ScanReport[]> {
  return database.read(async (session) => {
    const reports: ScanReport[] = []
    for (const guard of guards) {
      reports.push(await scanInspected(session, await inspect(session, guard)))
    }
    return reports
  })
}
