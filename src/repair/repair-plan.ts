import { createHash } from 'node:crypto'
import type { RowValues } from '../core/verdict.ts'
import type { DuplicateGroup } from '../duplicates/scan-report.ts'
import type { Losers } from '../guards/guard.ts'
import type { Hazard } from './hazard.ts'
import type { Place } from './place.ts'

/** What a repair does with the rows of one foreign key, or of one declared child. */
export interface PlannedChild {
  readonly table: string
  readonly columns: readonly string[]
  /** The table whose rows they hang on. */
  readonly of: string
  readonly references: readonly string[]
  /** Name of the foreign key; null where the guard alone declares the child. */
  readonly constraint: string | null
  readonly policy: 'repoint' | 'delete' | 'refuse'
  readonly collision: 'refuse' | 'drop' | 'merge'
  /** How many rows hang on losers now; null further down, where that depends on the way. */
  readonly rows: number | null
  /** How many of them their own unique keys keep from going to the keeper. */
  readonly collisions: number
}

/** What applying a plan will take, as far as the statistics tell. */
export interface Prediction {
  readonly durationMs: number
  /** Bytes of write-ahead log. */
  readonly walBytes: number
  /** What is locked, and for how long, in words. */
  readonly locks: readonly string[]
}

/**
 * A plan to repair the duplicates of a guard, as it stands in its file. The losers themselves are
 * frozen in our schema; `digest` pins them, and `hash` pins the rest.
 */
export interface RepairPlan {
  readonly format: 'onceover-repair/1'
  /** Number of the repair in its database; empty where nothing was kept. */
  readonly repair: string
  readonly database: Place
  /** Where it was made, without a password. */
  readonly target: string
  readonly plannedAt: string
  readonly guard: string
  readonly table: string
  readonly key: readonly string[]
  readonly where: string | null
  readonly keep: readonly string[]
  readonly losers: Losers
  readonly groups: number
  /** How many rows are to be removed, or set. */
  readonly rows: number
  readonly children: readonly PlannedChild[]
  readonly hazards: readonly Hazard[]
  /** Kept rows that fulfil `suspect`: how many, and the primary keys of the first. */
  readonly suspects: { readonly rows: number; readonly first: readonly RowValues[] }
  /** The largest groups, with what is kept and what goes. */
  readonly largest: readonly DuplicateGroup[]
  readonly predicted: Prediction
  readonly digest: string
  readonly hash: string
}

// Keys in one order: a file that went through a formatter is still the same plan.
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, each]) => [name, canonical(each)]))
}

/** SHA-256, in hex, of everything in a plan but its hash. */
export const hashOf = ({
  hash: _,
  ...plan
}: Omit<RepairPlan, 'hash'> & { hash?: string }): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(plan)))
    .digest('hex')
