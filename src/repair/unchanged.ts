import { isDeepStrictEqual } from 'node:util'
import { OnceoverError } from '../core/error.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Database } from '../postgres/database.ts'
import type { Session } from '../postgres/session.ts'
import { type Family, familyShape } from './family.ts'
import { countLosers, pinSettings } from './freeze/queries.ts'
import type { Journal } from './journal.ts'
import { requireJournal } from './kept.ts'
import { isSamePlace, placeOf } from './place.ts'
import type { RepairPlan } from './repair-plan.ts'
import { differences } from './shape.ts'
import { type OwnRepair, readRepair } from './stored.ts'
import { countDoubtful, selectDrift, selectUnseen } from './unchanged/queries.ts'

const WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  gone: ['loser is gone, or outside `where`', 'losers are gone, or outside `where`'],
  changed: [
    'loser has other values than when it was planned',
    'losers have other values than when they were planned',
  ],
  keeper: [
    'loser has a keeper that is gone, changed its key, or is no longer the first',
    'losers have a keeper that is gone, changed its key, or is no longer the first',
  ],
}

const STANDS = 'What was applied stands, and can be undone.'

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
  if (!isSamePlace(plan.database, await placeOf(session))) {
    throw foreign(plan, `The plan was made on ${plan.target}, and this is ${session.target}.`)
  }
  const repair = await readRepair(session, plan.repair)
  if (repair.plan.hash !== plan.hash) {
    throw foreign(plan, `The repair ${plan.repair} of ${session.target} has another plan.`)
  }
  if (repair.state !== 'undone') {
    await requireJournal(session, repair.id)
    // Of the two, the given one is known to be as it was.
    return { ...repair, plan }
  }
  throw new OnceoverError('REPAIR_UNDONE', {
    message: `The repair ${repair.id} was undone at ${repair.undoneAt}.`,
    details: { repair: repair.id, undoneAt: repair.undoneAt },
  })
}

const drifted = ({ id, state }: OwnRepair, message: string, details: object = {}): OnceoverError =>
  new OnceoverError('PLAN_DRIFTED', {
    message,
    ...(state === 'applying' && { fix: `${STANDS} Plan again for the rest.` }),
    details: { repair: id, ...details },
  })

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

function refuseShape(repair: OwnRepair, { family }: Unchanged): void {
  const changed = differences(repair.family, familyShape(family))
  if (changed.length === 0) return
  throw drifted(
    repair,
    `The tables are not as they were when the repair ${repair.id} was planned: ` +
      `${changed.join('; ')}.`,
    { changed },
  )
}

async function refuseEdited(session: Session, repair: OwnRepair, now: Unchanged): Promise<void> {
  await session.query(pinSettings())
  const [frozen] = await session.query<{ digest: string }>(countLosers(now.inspection, now.journal))
  if (frozen?.digest === repair.plan.digest) return
  throw edited(repair.id, `The frozen losers of the repair ${repair.id} are not as planned.`)
}

async function isAsPlanned(session: Session, { inspection, journal }: Unchanged): Promise<boolean> {
  const [doubtful] = await session.query<{ rows: string }>(countDoubtful(inspection, journal))
  if (doubtful?.rows !== '0') return false
  const [row] = await session.query<{ unseen: boolean }>(selectUnseen(inspection, journal))
  return row?.unseen === false
}

async function refuseRows(session: Session, repair: OwnRepair, now: Unchanged): Promise<void> {
  if (await isAsPlanned(session, now)) return
  const drift = await session.query<{ why: string; rows: string; first: string }>(
    selectDrift(now.inspection, now.journal),
  )
  if (drift.length === 0) return
  const what = drift.map(
    ({ why, rows, first }) =>
      `${rows} ${WORDS[why]?.[rows === '1' ? 0 : 1]} (${rows === '1' ? '' : 'such as '}${first})`,
  )
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
  database: Database,
  repair: OwnRepair,
  now: Unchanged,
  { onDrift = 'refuse' }: { readonly onDrift?: 'refuse' | 'skip' },
): Promise<void> {
  refuseDeclaration(repair, now.inspection)
  refuseShape(repair, now)
  if (repair.state !== 'planned') return
  // In a transaction of its own: the SQL of the guard may depend on the settings that it pins.
  await database.read((session) => refuseEdited(session, repair, now))
  if (onDrift === 'refuse') await database.read((session) => refuseRows(session, repair, now))
}
