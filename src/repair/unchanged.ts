import { isDeepStrictEqual } from 'node:util'
import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import { countDoubtful, selectDrift } from './batch/queries.ts'
import { type Family, familyShape } from './family.ts'
import { countLosers, pinSettings } from './freeze/queries.ts'
import type { Journal } from './journal.ts'
import { requireJournal } from './kept.ts'
import { selectDatabase } from './queries.ts'
import type { RepairPlan } from './repair-plan.ts'
import { type OwnRepair, readRepair } from './stored.ts'

const WORDS: Readonly<Record<string, string>> = {
  gone: 'losers are gone, or outside `where`',
  changed: 'losers have other values than when they were planned',
  keeper: 'losers have a keeper that is gone, changed its key, or is no longer the first',
}

const foreign = (plan: RepairPlan, message: string): OnceoverError =>
  new OnceoverError('PLAN_FOREIGN', {
    message,
    details: { repair: plan.repair, database: plan.database, target: plan.target },
  })

const edited = (repair: string, message: string): OnceoverError =>
  new OnceoverError('PLAN_EDITED', { message, details: { repair } })

/**
 * Reads the repair of a plan that comes from a file: it must be of this database.
 *
 * @throws OnceoverError PLAN_FOREIGN, REPAIR_UNDONE, REPAIR_NOT_FOUND, JOURNAL_DROPPED
 */
export async function refuseForeign(session: Session, plan: RepairPlan): Promise<OwnRepair> {
  const [database] = await session.query<RepairPlan['database']>(selectDatabase())
  if (!isDeepStrictEqual({ ...database }, { ...plan.database })) {
    throw foreign(plan, `The plan was made on ${plan.target}, and this is ${session.target}.`)
  }
  const repair = await readRepair(session, plan.repair)
  if (repair.plan.hash !== plan.hash) {
    throw foreign(plan, `The repair ${plan.repair} of ${session.target} has another plan.`)
  }
  if (repair.state !== 'undone') {
    await requireJournal(session, repair.id)
    return repair
  }
  throw new OnceoverError('REPAIR_UNDONE', {
    message: `The repair ${repair.id} was undone at ${repair.undoneAt}.`,
    details: { repair: repair.id, undoneAt: repair.undoneAt },
  })
}

const drifted = ({ id }: OwnRepair, message: string, details: object = {}): OnceoverError =>
  new OnceoverError('PLAN_DRIFTED', { message, details: { repair: id, ...details } })

function refuseDeclaration(repair: OwnRepair, { guard, parts, keep }: Inspection): void {
  const { plan } = repair
  const now = {
    ...{ guard: guard.name, where: guard.where ?? null, losers: guard.losers, keep },
    key: parts.map(({ name }) => name),
  }
  const then = {
    ...{ guard: plan.guard, where: plan.where, losers: plan.losers, keep: plan.keep },
    key: plan.key,
  }
  const other = (Object.keys(now) as (keyof typeof now)[]).filter(
    (name) => !isDeepStrictEqual(JSON.parse(JSON.stringify(now[name])), then[name]),
  )
  if (other.length === 0) return
  throw drifted(
    repair,
    `The guard ${guard.name} is declared in another way than when the repair ${repair.id} was ` +
      `planned: ${other.join(', ')}.`,
    { declared: other },
  )
}

/** What of a plan can be held against the database. */
export interface Unchanged {
  readonly inspection: Inspection
  readonly family: Family
  readonly journal: Journal
}

async function refuseRows(session: Session, repair: OwnRepair, { inspection, journal }: Unchanged) {
  const [doubtful] = await session.query<{ rows: string }>(countDoubtful(inspection, journal))
  if (doubtful?.rows === '0') return
  const stretch = { from: 1, to: repair.plan.rows }
  const drift = await session.query<{ why: string; rows: string; first: string }>(
    selectDrift(inspection, journal, stretch),
  )
  if (drift.length === 0) return
  const what = drift.map(({ why, rows, first }) => `${rows} ${WORDS[why]} (such as ${first})`)
  throw drifted(
    repair,
    `The rows are not as they were when the repair ${repair.id} was planned: ${what.join('; ')}.`,
    { drift: drift.map(({ why, rows }) => ({ why, rows: Number(rows) })) },
  )
}

/**
 * Holds a repair against the database before it is applied: the declaration, the tables and what
 * hangs on them, the frozen losers, and, unless it was begun or may skip, every row.
 *
 * @throws OnceoverError PLAN_DRIFTED naming what changed, PLAN_EDITED
 */
export async function refuseDrift(
  session: Session,
  repair: OwnRepair,
  now: Unchanged,
  { onDrift = 'refuse' }: { readonly onDrift?: 'refuse' | 'skip' },
): Promise<void> {
  refuseDeclaration(repair, now.inspection)
  if (!isDeepStrictEqual(familyShape(now.family), repair.family)) {
    throw drifted(
      repair,
      `The tables of the repair ${repair.id}, or the foreign keys between them, have changed.`,
    )
  }
  if (repair.state !== 'planned') return
  if (onDrift === 'refuse') await refuseRows(session, repair, now)
  await session.query(pinSettings())
  const [frozen] = await session.query<{ digest: string }>(countLosers(now.inspection, now.journal))
  if (frozen?.digest === repair.plan.digest) return
  throw edited(repair.id, `The frozen losers of the repair ${repair.id} are not as planned.`)
}
