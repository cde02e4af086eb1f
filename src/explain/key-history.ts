import type { EventName } from '../audit/events.ts'
import { readPage } from '../audit/page.ts'
import { CURSOR, type Page, type PageOptions, readCursor, readLimit } from '../core/page.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import { isMigrated } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import { claimOf, type StoredClaim } from '../runs/claim-list.ts'
import { type KeyRows, lookAtKey } from './explain-key.ts'
import {
  type KeyEventSearch,
  searchKeyEvents,
  selectAsked,
  selectKeySteps,
} from './key-history/queries.ts'
import { hasPrimaryKey } from './queries.ts'
import { quietly } from './quietly.ts'
import { findStanding } from './standing.ts'
import { iso } from './timing.ts'

/** A row that stands for a key. */
export interface KeyRow {
  /** Its primary key. */
  readonly id: RowValues
  /** That, what the guard shows of it, and when it was made. */
  readonly row: RowValues
  /** Whether it is the one to keep; of allowed copies each is. */
  readonly keeper: boolean
  /** In ISO form, UTC; null where the table does not say. */
  readonly madeAt: string | null
}

/** The claim of a key, with who asked for its run, and who cancelled that and why. */
export interface KeyClaim extends StoredClaim {
  readonly actor: string | null
  readonly reason: string | null
  readonly cancelledBy: string | null
  readonly cancelReason: string | null
}

/** An external call of a key's work. */
export interface KeyStep {
  readonly name: string
  /** Which making of the key it belongs to, from 1 on. */
  readonly generation: number
  readonly state: 'asked' | 'answered' | 'withdrawn' | 'needs_reconcile'
  readonly run: string
  /** Calls that were made, answered from the record instead, and asked for at the provider. */
  readonly calls: number
  readonly reused: number
  readonly asked: number
  readonly answer: unknown
  readonly startedAt: string
  readonly answeredAt: string | null
}

/** What one event says of a key. */
export interface KeyMoment {
  /** Id of the event. */
  readonly event: string
  readonly verdict: EventName
  /** In ISO form, UTC. */
  readonly at: string
  readonly run: string
  readonly actor: string | null
  /** Of the verdict. */
  readonly reason: string | null
  /** What its run was asked for with. */
  readonly runReason: string | null
  /** The primary key of the row that it met. */
  readonly existing: RowValues | null
  /** Its place in the timeline, as `after`. */
  readonly cursor: string
}

/** All that is known of one key. */
export interface KeyHistory {
  readonly guard: string
  /** `schema.table`. */
  readonly table: string
  /** The canonical key, by part. */
  readonly key: RowValues
  /** The first twenty rows that stand for it, the one to keep first. */
  readonly rows: readonly KeyRow[]
  /** How many stand, and how many of them are too many. */
  readonly standing: number
  readonly excess: number
  /** Null where it was never claimed. */
  readonly claim: KeyClaim | null
  /** Of the newest making first. */
  readonly steps: readonly KeyStep[]
  /**
   * What the audit says of the key, newest first: all of it back to `searchedTo`, and of what is
   * older that of the claim's and the steps' runs, and of the hour in which the row was made.
   */
  readonly timeline: readonly KeyMoment[]
  /** How far back all events of the guard were looked at, in ISO form; null: to the first. */
  readonly searchedTo: string | null
  /** Whether older events were not looked at. */
  readonly more: boolean
  /** Where to look further, as `after`. */
  readonly next: string | null
}

const DEFAULT_LIMIT = 100

async function rowsOf(
  session: Session,
  inspection: Inspection,
  { first }: KeyRows,
): Promise<readonly KeyRow[]> {
  const { table } = inspection
  const rows: KeyRow[] = []
  for (const { id, keeper } of first) {
    const condition = hasPrimaryKey(table, id)
    const found = await findStanding(session, { table, inspection, condition })
    if (!found) continue
    const madeAt = found.made === undefined ? null : iso(found.made)
    rows.push({ id: found.id, row: found.row, keeper, madeAt })
  }
  return rows
}

async function readClaim(session: Session, guard: string, hash: string): Promise<KeyClaim | null> {
  const claim = await claimOf(session, guard, hash)
  if (!claim) return null
  const [row] = await session.query<{ asked: string }>(selectAsked(claim.run))
  const nobody = { actor: null, reason: null, cancelledBy: null, cancelReason: null }
  return { ...claim, ...(row ? JSON.parse(row.asked) : nobody) }
}

const keyEvents = (session: Session, search: KeyEventSearch): Promise<Page<KeyMoment>> =>
  readPage(session, 'event', searchKeyEvents(search), (moment: Omit<KeyMoment, 'cursor'>) => moment)

type Ledger = Pick<KeyHistory, 'claim' | 'steps' | 'timeline' | 'searchedTo' | 'more' | 'next'>

const NOTHING: Ledger = {
  claim: null,
  steps: [],
  timeline: [],
  searchedTo: null,
  more: false,
  next: null,
}

const RUNS = 4

// What is older than the search came, where it is likely to be.
async function olderEvents(
  session: Session,
  search: KeyEventSearch,
  { claim, steps }: Pick<Ledger, 'claim' | 'steps'>,
  near: number | undefined,
): Promise<readonly KeyMoment[]> {
  const runs = [...new Set([...(claim ? [claim.run] : []), ...steps.map(({ run }) => run)])]
  const places = [
    ...runs.slice(0, RUNS).map((run) => ({ run })),
    ...(near === undefined ? [] : [{ near }]),
  ]
  const found: KeyMoment[] = []
  for (const place of places)
    found.push(...(await keyEvents(session, { ...search, ...place })).items)
  return found
}

const newestFirst = (one: KeyMoment, other: KeyMoment): number =>
  one.at === other.at ? Number(BigInt(other.event) - BigInt(one.event)) : one.at < other.at ? 1 : -1

async function ledgerOf(
  session: Session,
  search: KeyEventSearch,
  hash: string | null,
  near: number | undefined,
): Promise<Ledger> {
  const { guard } = search
  const claim = hash === null ? null : await readClaim(session, guard, hash)
  const stored =
    hash === null ? [] : await session.query<{ step: string }>(selectKeySteps(guard, hash))
  const steps: readonly KeyStep[] = stored.map(({ step }) => JSON.parse(step))
  const { items, next, searchedTo } = await keyEvents(session, search)
  const page = { claim, steps, timeline: items, searchedTo, more: next !== null, next }
  if (next === null || search.after) return page
  const seen = new Set(items.map(({ event }) => event))
  const older = new Map(
    (await olderEvents(session, search, page, near)).map((each) => [each.event, each] as const),
  )
  const added = [...older.values()].filter(({ event }) => !seen.has(event))
  return { ...page, timeline: [...items, ...added].sort(newestFirst) }
}

/**
 * Tells the history of a key; see `Onceover.history`.
 *
 * @throws OnceoverError UNIT_INVALID for a key that is none of the guard, USAGE
 */
export async function keyHistory(
  session: Session,
  inspection: Inspection,
  key: RowValues,
  options: PageOptions = {},
): Promise<KeyHistory> {
  const { guard, table, parts } = inspection
  const after = readCursor('event', [CURSOR.moment, CURSOR.number], options.after)
  const limit = readLimit(options.limit, DEFAULT_LIMIT)
  const found = await lookAtKey(session, inspection, key)
  const standing: KeyRows = JSON.parse(found.rows)
  const rows = await rowsOf(session, inspection, standing)
  const made = rows[0]?.madeAt
  const near = made ? Date.parse(made) / 1000 : undefined
  const search = { guard: guard.name, key: found.key, after, limit }
  const ledger = (await isMigrated(session))
    ? await quietly(session, () => ledgerOf(session, search, found.hash, near))
    : undefined
  const values: unknown[] = JSON.parse(found.key)
  return {
    guard: guard.name,
    table: `${table.schema}.${table.name}`,
    key: Object.fromEntries(parts.map(({ name }, at) => [name, values[at] ?? null])),
    rows,
    standing: standing.rows,
    excess: standing.excess,
    ...(ledger ?? NOTHING),
  }
}
