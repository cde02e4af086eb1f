import { type Listed, LOOK, type Looking, readPage } from '../audit/page.ts'
import { unmigrated } from '../claims/register.ts'
import { OnceoverError } from '../core/error.ts'
import { keyFilter } from '../core/key-filter.ts'
import { CURSOR, cursorOf, type Page, readCursor, readLimit } from '../core/page.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import { checkRunId } from './cancel.ts'
import {
  type ClaimSelection,
  countClaims,
  searchClaims,
  selectClaim,
} from './claim-list/queries.ts'

/** The states of a claim. */
export const CLAIM_STATES = ['claimed', 'done', 'failed', 'exhausted', 'cancelled'] as const

/**
 * Which claims to read; every field narrows. Those that are `claimed` are looked for where they are
 * found, but with `run`: among the newest 2,000 of each run that is running.
 */
export interface ClaimFilter {
  readonly guard?: string
  /** Some parts of the key, as PostgreSQL writes them. */
  readonly key?: RowValues
  readonly state?: (typeof CLAIM_STATES)[number]
  readonly run?: string
  /**
   * A text that the error has in it, whatever the case. Without `state` of claims that are failed,
   * exhausted or cancelled.
   */
  readonly error?: string
  /** The cursor of a claim: read what was claimed before it. */
  readonly after?: string
  /** How many at most, the latest. Default 100. */
  readonly limit?: number
}

/** A claim as the ledger has it. */
export interface StoredClaim {
  readonly guard: string
  /** The canonical key, by part. */
  readonly key: RowValues
  readonly state: (typeof CLAIM_STATES)[number]
  readonly attempt: number
  readonly fence: string
  readonly origin: 'new' | 'taken_over' | 'retried' | 'reopened'
  readonly run: string
  readonly worker: string | null
  readonly leaseUntil: string | null
  readonly retryAt: string | null
  readonly error: string | null
  /** The step whose answer was lost and that a person must look at; see `once.resolveStep`. */
  readonly needsReconcile: string | null
  readonly result: unknown
  readonly claimedAt: string
  readonly endedAt: string | null
  /** Its place in the list, as `after`. */
  readonly cursor: string
}

/** How many claims of a guard want looking at: each is counted to a thousand. */
export type ClaimCounts = Readonly<Record<'claimed' | 'failed' | 'exhausted' | 'cancelled', number>>

const DEFAULT_LIMIT = 100

const SHAPE = [CURSOR.moment, CURSOR.hash, CURSOR.text]

type ClaimRow = Omit<StoredClaim, 'key' | 'cursor'> & {
  readonly parts: readonly string[] | null
  readonly key: readonly unknown[]
}

function asClaim({ parts, key, ...rest }: ClaimRow) {
  const named = key.map((value, place) => [parts?.[place] ?? String(place), value])
  return { ...rest, key: Object.fromEntries(named) as RowValues }
}

function check({ state, run }: ClaimFilter): void {
  if (run !== undefined) checkRunId(run)
  if (state === undefined || CLAIM_STATES.includes(state)) return
  throw new OnceoverError('USAGE', {
    message: `There is no state ${JSON.stringify(state)} of a claim.`,
    fix: `It is one of: ${CLAIM_STATES.join(', ')}.`,
  })
}

async function read(
  session: Session,
  { key, ...others }: ClaimFilter,
  { after, limit, look }: Looking,
): Promise<Page<Listed<ReturnType<typeof asClaim>>>> {
  const selection: ClaimSelection = {
    ...others,
    key: key === undefined ? undefined : keyFilter(key),
    after: readCursor('claim', SHAPE, after),
    limit,
    look,
  }
  try {
    return await readPage(session, 'claim', searchClaims(selection), asClaim)
  } catch (error) {
    throw unmigrated(error, session.target)
  }
}

/** Reads claims, the latest first; see `Onceover.claims`. */
export async function claims(
  session: Session,
  filter: ClaimFilter,
): Promise<readonly StoredClaim[]> {
  check(filter)
  const limit = readLimit(filter.limit, DEFAULT_LIMIT)
  return (await read(session, filter, { after: filter.after, limit })).items
}

/** Reads a page of claims; see `Onceover.searchClaims`. */
export async function claimPage(session: Session, filter: ClaimFilter): Promise<Page<StoredClaim>> {
  check(filter)
  const limit = readLimit(filter.limit, DEFAULT_LIMIT)
  return read(session, filter, { after: filter.after, limit, look: LOOK })
}

/** The claim of a key by its hash, in hex; undefined where it was never claimed. */
export async function claimOf(
  session: Session,
  guard: string,
  hash: string,
): Promise<StoredClaim | undefined> {
  const [row] = await session.query<{ claim: string; place: string }>(selectClaim(guard, hash))
  if (!row) return undefined
  return { ...asClaim(JSON.parse(row.claim)), cursor: cursorOf('claim', JSON.parse(row.place)) }
}

/** Counts the claims of guards that want looking at; see `Onceover.counts`. */
export async function counts(
  session: Session,
  guards: readonly string[] | undefined,
): Promise<Readonly<Record<string, ClaimCounts>>> {
  try {
    const rows = await session.query<{ guard: string; counts: string }>(countClaims(guards))
    return Object.fromEntries(rows.map((row) => [row.guard, JSON.parse(row.counts)]))
  } catch (error) {
    throw unmigrated(error, session.target)
  }
}
