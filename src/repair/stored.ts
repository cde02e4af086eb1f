import { OnceoverError } from '../core/error.ts'
import { CURSOR, cursorOf, readCursor } from '../core/page.ts'
import type { Session } from '../postgres/session.ts'
import { selectRepair, selectRepairs, selectRepairsThere } from './queries.ts'
import type { RepairPlan } from './repair-plan.ts'
import type { Shape } from './shape.ts'

/** How far a repair is: `applying` stays where an apply was killed, and is gone on with. */
export const REPAIR_STATES = ['planned', 'applying', 'applied', 'undone'] as const

/** One of them. */
export type RepairState = (typeof REPAIR_STATES)[number]

/** A repair as it is kept. */
export interface StoredRepair {
  readonly id: string
  readonly guard: string
  readonly table: string
  readonly state: RepairState
  readonly plan: RepairPlan
  /** How many losers were removed, or set (`changed`), and how many were left for a reason. */
  readonly removed: number
  readonly changed: number
  readonly skipped: number
  /** How many rows of children went to keepers, and how many were deleted. */
  readonly moved: number
  readonly dropped: number
  readonly batches: number
  readonly reason: string | null
  readonly actor: string | null
  /** Moments in ISO form, UTC. */
  readonly plannedAt: string
  readonly appliedAt: string | null
  readonly appliedBy: string | null
  readonly undoneAt: string | null
  readonly undoneBy: string | null
  /** Its place in the list, as `after`. */
  readonly cursor: string
}

/** A repair with what only its own work needs. */
export interface OwnRepair extends Omit<StoredRepair, 'cursor'> {
  /** The shape of its tables when it was planned. */
  readonly family: Shape
  /** The first loser that is not settled. */
  readonly nextSeq: string
}

/** Which repairs to list; every field narrows. */
export interface RepairFilter {
  readonly id?: string
  readonly guard?: string
  readonly state?: RepairState
  /** The cursor of a repair: read what was planned before it. */
  readonly after?: string
  /** How many at most, the newest. Default 100. */
  readonly limit?: number
}

const DEFAULT_LIMIT = 100

/** @throws OnceoverError NOT_MIGRATED where the tables of repairs are missing */
export async function requireRepairs(session: Session): Promise<void> {
  const [found] = await session.query<{ there: boolean }>(selectRepairsThere())
  if (found?.there) return
  throw new OnceoverError('NOT_MIGRATED', {
    message: `${session.target} has no tables to keep a repair in.`,
    details: { target: session.target },
  })
}

/**
 * Reads one repair.
 *
 * @throws OnceoverError REPAIR_NOT_FOUND, NOT_MIGRATED
 */
export async function readRepair(session: Session, id: string): Promise<OwnRepair> {
  await requireRepairs(session)
  const [row] = /^\d{1,18}$/.test(id)
    ? await session.query<{ repair: string }>(selectRepair(id))
    : []
  if (row) return JSON.parse(row.repair)
  throw new OnceoverError('REPAIR_NOT_FOUND', {
    message: `There is no repair ${id} on ${session.target}.`,
    details: { repair: id, target: session.target },
  })
}

/**
 * Lists repairs, newest first.
 *
 * @throws OnceoverError NOT_MIGRATED, USAGE
 */
export async function repairs(
  session: Session,
  { id, guard, state, after, limit = DEFAULT_LIMIT }: RepairFilter = {},
): Promise<readonly StoredRepair[]> {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new OnceoverError('USAGE', {
      message: `${limit} is no number of repairs.`,
      fix: 'Give a whole number from 1 on.',
    })
  }
  if (state !== undefined && !REPAIR_STATES.includes(state)) {
    throw new OnceoverError('USAGE', {
      message: `There is no state ${state} of a repair.`,
      fix: `The states are ${REPAIR_STATES.join(', ')}.`,
    })
  }
  const [before = null] = readCursor('repair', [CURSOR.number], after) ?? []
  await requireRepairs(session)
  const rows = await session.query<{ repair: string }>(
    selectRepairs({ id, guard, state, before }, limit),
  )
  return rows.map(({ repair }) => {
    const { family: _, nextSeq: __, ...stored }: OwnRepair = JSON.parse(repair)
    return { ...stored, cursor: cursorOf('repair', [stored.id]) }
  })
}
