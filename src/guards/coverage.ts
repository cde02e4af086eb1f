import type { Session } from '../postgres/session.ts'
import { askArbiters } from './arbiters.ts'
import type { Guard } from './guard.ts'
import { guardKey } from './guard-key.ts'
import { findObstacle } from './obstacle.ts'
import type { InspectedPart } from './part.ts'
import {
  bindsMore,
  type GuardKey,
  meaningFault,
  relation,
  type Shadow,
  shadowOf,
} from './shadow.ts'
import type { Table } from './table.ts'
import {
  type InvalidIndex,
  type KeyedIndex,
  type UniqueIndex,
  uniqueIndexes,
} from './unique-index.ts'

/** Which unique indexes stand for a guard. */
export interface Coverage {
  /** True where a valid unique index covers the guard; undefined where this role may not ask. */
  readonly enforced: boolean | undefined
  /** The valid indexes that cover it, whatever their names. */
  readonly indexes: readonly UniqueIndex[]
  /** Those of them that bind rows outside the guard's `where` too, and reject on their account. */
  readonly broader: readonly string[]
  /** Indexes on the same key that a failed build left invalid, or that are being built. */
  readonly invalid: readonly InvalidIndex[]
  readonly shadows: readonly Shadow[]
  /** Why no unique index could enforce the guard, where something stands in the way. */
  readonly obstacle?: string
}

/** The items of ON CONFLICT and of a guard's unique index: its parts, then its copy column. */
export const indexKey = (guard: Guard, table: Table, parts: readonly InspectedPart[]): string[] => {
  const copies = guard.copies === undefined ? undefined : table.columns.get(guard.copies)
  return [
    ...parts.map(({ encoding, column }) =>
      encoding.indexed === column?.quoted ? encoding.indexed : `(${encoding.indexed})`,
    ),
    ...(copies ? [copies.quoted] : []),
  ]
}

// What is certain without asking: the same key, and no rows left out.
const plainlyCovers = ({ index, items, bound }: KeyedIndex, key: GuardKey): boolean =>
  relation(items, key.items) === 'same' &&
  items.length === key.items.length &&
  (index.predicate === undefined || bound === key.bound)

/**
 * Asks which unique indexes stand for a guard. PostgreSQL is asked which arbiters it would use:
 * comparing definitions here was refused, because only the planner knows what a predicate implies.
 */
export async function inspectCoverage(
  session: Session,
  guard: Guard,
  table: Table,
  parts: readonly InspectedPart[],
): Promise<Coverage> {
  const all = await uniqueIndexes(session, table)
  const key = await guardKey(session, guard, table, parts)
  const target = indexKey(guard, table, parts)
  const { names, refusal } = await askArbiters(session, table, target, guard.where ?? '')
  const stands = (each: KeyedIndex) =>
    each.index.valid && (names ? names.includes(each.index.name) : plainlyCovers(each, key))
  const standing = all.filter(stands)
  const covering = standing.filter(
    (each) => each.index.immediate && meaningFault(each, key) === undefined,
  )
  // ON CONFLICT fails at a deferrable index, whatever else stands for the key.
  const deferrable = standing.filter(({ index }) => !index.immediate).map(({ index }) => index.name)
  const blocked = refusal !== undefined || deferrable.length > 0 || table.inherited
  const enforced = covering.length > 0 && !blocked
  // Without asking it stays open whether the condition of such an index follows from the guard's.
  const open = ({ index, items }: KeyedIndex) =>
    index.valid && index.immediate && relation(items, key.items) === 'same'
  const unknown =
    names === undefined &&
    !blocked &&
    all.some((each) => open(each) && meaningFault(each, key) === undefined)
  const obstacle = enforced
    ? undefined
    : (refusal ?? (await findObstacle(session, guard, table, parts, deferrable)))
  return {
    enforced: enforced || (unknown ? undefined : false),
    indexes: covering.map(({ index }) => index),
    broader: covering.flatMap((each) => (bindsMore(each, key) ? [each.index.name] : [])),
    invalid: all.flatMap(({ index, items }) =>
      !index.valid && relation(items, key.items) === 'same' ? [index] : [],
    ),
    shadows: all.flatMap((each) =>
      each.index.valid ? (shadowOf(each, key, covering.includes(each)) ?? []) : [],
    ),
    ...(obstacle !== undefined && { obstacle }),
  }
}
