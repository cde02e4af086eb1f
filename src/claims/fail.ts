import type { Database } from '../postgres/database.ts'
import type { Grant } from './claim.ts'
import { type ClaimAudit, type Failure, failClaim, releaseClaims } from './queries.ts'
import { send } from './send.ts'

/** What a failed attempt came to. */
export interface Failed {
  readonly exhausted: boolean
  /** Milliseconds until the next attempt; undefined where it is exhausted. */
  readonly retryMs: number | undefined
}

// PostgreSQL holds no NUL, and an audit needs no megabyte of a stack.
const MAX_ERROR_LENGTH = 2_000

/** An error's words as the ledger keeps them. */
export const wordsOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.toWellFormed().replaceAll('\0', '\uFFFD').slice(0, MAX_ERROR_LENGTH)
}

/**
 * Ends the attempt of a claim as failed. Undefined where the claim was lost before: whoever has it
 * now decides.
 */
export async function fail(
  database: Database,
  audit: ClaimAudit,
  lease: string,
  { hash, fence }: Grant,
  failure: Failure,
): Promise<Failed | undefined> {
  const held = { guard: audit.guard, hash, fence, lease }
  const [row] = await send<{ state: string; retry_ms: string | null }>(
    database,
    failClaim(audit, held, failure),
  )
  if (!row) return undefined
  return {
    exhausted: row.state === 'exhausted',
    retryMs: row.retry_ms === null ? undefined : Math.max(0, Number(row.retry_ms)),
  }
}

/** Gives claims back; the attempt is not counted. Answers with those that were still held. */
export async function release(
  database: Database,
  guard: string,
  lease: string,
  grants: readonly Grant[],
  why: string,
): Promise<readonly Grant[]> {
  if (grants.length === 0) return []
  const rows = await send<{ hash: string }>(database, releaseClaims(guard, lease, grants, why))
  const released = new Set(rows.map(({ hash }) => hash))
  return grants.filter(({ hash }) => released.has(hash))
}
