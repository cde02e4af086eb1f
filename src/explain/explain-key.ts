import { hashedUnits } from '../claims/hashed/queries.ts'
import { OnceoverError } from '../core/error.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import { jsonInput, prepareRows } from '../rows/prepare.ts'
import type { Maker } from './explanation.ts'
import { selectKeyOfUnit } from './history/queries.ts'
import { historyOf, type KeyEvent, turnedAwayAt } from './history.ts'
import { hasPrimaryKey } from './queries.ts'
import { findStanding } from './standing.ts'
import { iso, makingOf } from './timing.ts'

/** One attempt on a key that was turned away. */
export interface TurnedAway extends Maker {
  readonly verdict: string
  /** In ISO form, UTC. */
  readonly at: string
}

/** Rows too many for one key. */
export interface KeyDuplicates {
  /** How many rows stand for the key, the keeper among them. */
  readonly rows: number
  /** How many of them are too many. */
  readonly excess: number
  /** Primary keys of the first five of those, in the order of the guard's `keep`. */
  readonly others: readonly RowValues[]
  readonly fix: string
}

/** What stands for a key, and what is known of how that came about. */
export interface KeyExplanation {
  readonly guard: string
  /** `schema.table`. */
  readonly table: string
  readonly key: RowValues
  /** The row that stands, of several the one to keep; missing where there is none. */
  readonly existing?: RowValues
  readonly existingId?: RowValues
  /** Missing where one row stands, or none. */
  readonly duplicates?: KeyDuplicates
  readonly madeBy?: Maker
  /** In ISO form, UTC. */
  readonly madeAt?: string
  /** How the moment of its making is known, as a sentence. */
  readonly madeSays?: string
  /** How the claim of the key stands, where it was ever claimed. */
  readonly claim?: Maker & { readonly state: string; readonly worker: string | null }
  /** The last twenty attempts that were turned away, newest first. */
  readonly turnedAway: readonly TurnedAway[]
}

const asTurnedAway = ({ verdict, run, actor, reason, at }: KeyEvent): TurnedAway => ({
  verdict,
  run,
  actor,
  reason,
  at: iso(at),
})

/** A key as the guard sees it, and what stands for it. */
export interface KeyOfUnit {
  readonly hash: string | null
  readonly key: string
  readonly fault: string | null
  readonly rows: string
}

/** The rows that stand for a key; `first` are the first twenty, by primary key. */
export interface KeyRows extends Omit<KeyDuplicates, 'fix'> {
  readonly keeper: Readonly<Record<string, string>> | null
  readonly first: readonly {
    readonly id: Readonly<Record<string, string>>
    readonly keeper: boolean
  }[]
}

/**
 * Holds a key against its guard, and finds what stands for it.
 *
 * @throws OnceoverError UNIT_INVALID for a key that is none of the guard
 */
export async function lookAtKey(
  session: Session,
  inspection: Inspection,
  key: RowValues,
): Promise<KeyOfUnit> {
  const { rows, invalid } = prepareRows(inspection, [key])
  const [wrong] = invalid
  const refuse = (reason: string) =>
    new OnceoverError('UNIT_INVALID', {
      message: `The key is none of the guard ${inspection.guard.name}: ${reason}.`,
      fix: `Give its parts by name: ${Object.keys(inspection.guard.key).join(', ')}.`,
      details: { guard: inspection.guard.name },
    })
  if (wrong) throw refuse(wrong.reason ?? '')
  const units = hashedUnits(inspection, jsonInput(inspection, rows))
  const [found] = await session.query<KeyOfUnit>(selectKeyOfUnit(inspection, units))
  if (!found || found.fault !== null) throw refuse(found?.fault ?? '')
  return found
}

const tooMany = ({ rows, excess, others }: KeyRows, guard: string): KeyDuplicates => ({
  rows,
  excess,
  others,
  fix: `onceover repair ${guard} --plan FILE`,
})

/**
 * Says which row stands for a key, who made it and when, and who was turned away since. Reads only.
 *
 * @throws OnceoverError UNIT_INVALID for a key that is none of the guard
 */
export async function explainKey(
  session: Session,
  inspection: Inspection,
  key: RowValues,
): Promise<KeyExplanation> {
  const { guard, table } = inspection
  const found = await lookAtKey(session, inspection, key)
  const rows: KeyRows = JSON.parse(found.rows)
  const condition = rows.keeper && hasPrimaryKey(table, rows.keeper)
  const standing = condition
    ? await findStanding(session, { table, inspection, condition })
    : undefined
  const asked = { guard: guard.name, key: found.key, hash: found.hash ?? undefined }
  const history = await historyOf(session, { ...asked, near: standing?.made })
  const { made, claim } = history
  const making = standing && makingOf({ standing, history })
  const from = made ?? (claim?.state === 'done' ? claim : undefined)
  const values: unknown[] = JSON.parse(found.key)
  return {
    guard: guard.name,
    table: `${table.schema}.${table.name}`,
    key: Object.fromEntries(inspection.parts.map(({ name }, at) => [name, values[at] ?? null])),
    ...(standing && { existing: standing.row, existingId: standing.id }),
    ...(rows.excess > 0 && { duplicates: tooMany(rows, guard.name) }),
    ...(standing && from && { madeBy: { run: from.run, actor: from.actor, reason: from.reason } }),
    ...(making && { madeAt: iso(making.at), madeSays: making.says }),
    ...(claim && {
      claim: {
        state: claim.state,
        worker: claim.worker,
        run: claim.run,
        actor: claim.actor,
        reason: claim.reason,
      },
    }),
    turnedAway: (await turnedAwayAt(session, asked)).map(asTurnedAway),
  }
}
